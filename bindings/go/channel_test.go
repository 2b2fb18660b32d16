package skyrill

import (
	"bytes"
	"errors"
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
