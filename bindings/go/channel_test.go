package skyrill

import (
	"bytes"
	"errors"
	"io"
	"math"
	"os"
	"testing"
)

func exampleIDR(t *testing.T) []byte {
	stream, err := os.ReadFile("../../tests/conformance/example.h264")
	if err != nil {
		t.Fatal(err)
	}
	// the first access unit ends at the second picture: a P slice
	return stream[:bytes.Index(stream, []byte{0, 0, 0, 1, 0x41})]
}

func TestErrorsAreStatuses(t *testing.T) {
	if _, err := Open(NewConfig(4095)); !errors.Is(err, ConfigRingRange) {
		t.Errorf("open: %v", err)
	}
	channel, err := Open(NewConfig(65536))
	if err != nil {
		t.Fatal(err)
	}
	defer channel.Close()
	if _, err := channel.PushVideo(nil, Stamp{}, FrameI); !errors.Is(err, PictureEmpty) {
		t.Errorf("empty frame: %v", err)
	}
	if _, err := channel.Reserve(1_000_000); !errors.Is(err, RingTooSmall) || channel.Shortfall() < 900_000 {
		t.Errorf("large frame: %v, %d bytes are missing", err, channel.Shortfall())
	}
}

func TestAClosedChannelSaysSo(t *testing.T) {
	channel, err := Open(NewConfig(65536))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := channel.PushVideo(exampleIDR(t), Stamp{}, FrameI); err != nil {
		t.Fatal(err)
	}
	if err := channel.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := channel.PushVideo(exampleIDR(t), Stamp{PTSMs: 40, UTCMs: 40}, FrameI); !errors.Is(err, ErrClosed) {
		t.Errorf("push: %v", err)
	}
	if _, err := channel.Flush(ClosedStop); !errors.Is(err, ErrClosed) {
		t.Errorf("flush: %v", err)
	}
	if _, ok := channel.Slice(0); ok {
		t.Error("a slice of a closed channel")
	}
}

func TestPieceOutsideIsNil(t *testing.T) {
	channel, err := Open(NewConfig(65536))
	if err != nil {
		t.Fatal(err)
	}
	defer channel.Close()
	for _, part := range [][2]float64{{0, 1}, {-1, 0}, {5, 3}, {1e18, 2e18}, {math.NaN(), 1}} {
		if piece := channel.Piece(part[0], part[1]); piece != nil {
			t.Errorf("%v: %d bytes", part, len(piece))
		}
	}
	if channel.InitSegment(7) != nil {
		t.Error("an init segment in TS")
	}
}

// FuzzPush pushes whatever it is given as picture and as sound: statuses, never anything else. `go test` runs the seeds.
func FuzzPush(f *testing.F) {
	stream, err := os.ReadFile("../../tests/conformance/example.h264")
	if err != nil {
		f.Fatal(err)
	}
	for length := 0; length < 2000; length += 37 {
		f.Add(stream[:length], float64(length), float64(length), int32(length), int32(length%3), length%2 == 0)
	}
	f.Add([]byte{0, 0, 1}, math.NaN(), math.Inf(1), int32(-1), int32(99), true)
	f.Add([]byte{0xff, 0xf1, 0x50, 0x80, 0x01, 0x7f, 0xfc}, -1e300, 1e300, int32(math.MinInt32), int32(0), false)
	f.Fuzz(func(t *testing.T, frame []byte, pts, utc float64, seq, kind int32, fmp4 bool) {
		config := NewConfig(65536)
		config.AudioInput = AudioAAC
		if fmp4 {
			config.Format = FormatFMP4
		}
		channel, err := Open(config)
		if err != nil {
			t.Fatal(err)
		}
		defer channel.Close()
		refused := func(what string, err error) {
			var status Status
			if err != nil && !errors.As(err, &status) {
				t.Errorf("%s: %v", what, err)
			}
		}
		for _, at := range []Stamp{{0, 0, 0}, {pts, utc, seq}} {
			_, err = channel.PushVideo(frame, at, kind)
			refused("picture", err)
			_, err = channel.PushAudio(frame, at)
			refused("sound", err)
			_, err = channel.PushReserved(int(seq), at, kind)
			refused("reserved", err)
		}
		refused("release", channel.Release(pts))
		refused("hold", channel.Hold(pts, utc))
		_, err = channel.Flush(kind)
		refused("flush", err)
		_, err = channel.WriteTo(io.Discard)
		refused("drain", err)
	})
}

type brokenPipe struct{ room int }

func (b *brokenPipe) Write(p []byte) (int, error) {
	n := min(b.room, len(p))
	b.room -= n
	if n < len(p) {
		return n, errors.New("broken pipe")
	}
	return n, nil
}

func TestWhatAWriterTookIsReleasedWhenItFails(t *testing.T) {
	channel, err := Open(NewConfig(65536))
	if err != nil {
		t.Fatal(err)
	}
	defer channel.Close()
	if _, err := channel.PushVideo(exampleIDR(t), Stamp{}, FrameI); err != nil {
		t.Fatal(err)
	}
	if _, err := channel.Flush(ClosedStop); err != nil {
		t.Fatal(err)
	}
	if n, err := channel.WriteTo(&brokenPipe{1000}); n != 1000 || err == nil || channel.Tail() != 1000 {
		t.Errorf("%d bytes, tail %.0f: %v", n, channel.Tail(), err)
	}
}

func TestPushDoesNotAllocate(t *testing.T) {
	channel, err := Open(NewConfig(1 << 20))
	if err != nil {
		t.Fatal(err)
	}
	defer channel.Close()
	frame, at := exampleIDR(t), Stamp{}
	push := func() {
		if _, err := channel.PushVideo(frame, at, FrameI); err != nil {
			t.Fatal(err)
		}
		if err := channel.Release(channel.Head()); err != nil {
			t.Fatal(err)
		}
		at.PTSMs += 40
		at.UTCMs += 40
	}
	if n := testing.AllocsPerRun(200, push); n != 0 {
		t.Errorf("%v allocations per push", n)
	}
}
