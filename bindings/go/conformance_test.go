package skyrill

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"math"
	"os"
	"testing"
)

// Runs tests/conformance; its README says what each step does.
const vectorsPath = "../../tests/conformance/"

type step struct {
	Do       string
	Data     string
	PTS, UTC float64
	Seq      int32
	Type     int32
	Status   Status
	Bytes    int
	Why      int32
	From, To float64
	Position float64
	Pieces   []string
	Seed     uint32
	Count    int
	SHA256   string
}

type vector struct {
	Name   string
	Config struct {
		RingBytes, Format, VideoCodec, AudioInput, SampleRate, Channels, AudioBitRate, NominalFps, SliceMinMs, SliceMaxMs,
		FullPolicy int32
	}
	Open   Status
	Steps  []step
	Expect struct {
		Stream struct {
			Bytes  int64
			SHA256 string
		}
		Slices, Units []string
		State         [][4]any
	}
}

type vectorFile struct {
	ABI  int
	Data struct {
		File   string
		Pieces map[string][2]int
	}
	Vectors []vector
}

type run struct {
	t                   *testing.T
	channel             *Channel
	piece               func(string) []byte
	stream              hash.Hash
	bytes               int64
	slices, units       []string
	nextSlice, nextUnit int32
	room                []byte
}

func (r *run) drain(limit int) {
	to := r.channel.Head()
	if limit > 0 {
		to = min(to, r.channel.Tail()+float64(limit))
	}
	n, err := r.channel.Drain(r.stream, to)
	if err != nil {
		r.t.Fatalf("drain: %v", err)
	}
	r.bytes += n
	r.collect()
}

func (r *run) collect() {
	for _, next := r.channel.Slices(); r.nextSlice < next; r.nextSlice++ {
		s, ok := r.channel.Slice(r.nextSlice)
		if !ok || s.Closed == 0 {
			break
		}
		r.slices = append(r.slices, fmt.Sprintf("%d %.0f %.0f %.0f %.0f %.0f %.0f %.0f %d %d %d %d %d %d %d %d", s.Number, s.Start,
			s.End, s.LostBytes, s.UTCMsA, s.UTCMsB, s.PTSMsA, s.PTSMsB, s.SeqA, s.SeqB, s.VideoFrames, s.AudioFrames, s.Closed,
			flag(s.Discontinuity), s.Tracks, s.Init))
	}
	for _, next := r.channel.Units(); r.nextUnit < next; r.nextUnit++ {
		u, ok := r.channel.Unit(r.nextUnit)
		if !ok || !u.Closed {
			break
		}
		r.units = append(r.units, fmt.Sprintf("%.0f %.0f %.0f %.0f %.0f %d %d %d", u.Start, u.End, u.UTCMs, u.PTSMs,
			math.Floor(u.DurationMs*1000+0.5), u.Slice, flag(u.IDR), u.VideoFrames))
	}
}

func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}

func answer(notice Status, err error) Status {
	if status, refused := err.(Status); refused {
		return status
	}
	return notice
}

func (r *run) do(s step) Status {
	c, at := r.channel, Stamp{s.PTS, s.UTC, s.Seq}
	switch s.Do {
	case "video":
		return answer(c.PushVideo(r.piece(s.Data), at, s.Type))
	case "audio":
		return answer(c.PushAudio(r.piece(s.Data), at))
	case "reserve":
		room, err := c.Reserve(s.Bytes)
		r.room = room
		return answer(0, err)
	case "commit":
		return answer(c.PushReserved(copy(r.room, r.piece(s.Data)), at, s.Type))
	case "flush":
		return answer(c.Flush(s.Why))
	case "closeFragment":
		return answer(c.CloseFragment())
	case "hold":
		return answer(0, c.Hold(s.From, s.To))
	case "release":
		return answer(0, c.Release(s.Position))
	case "drain":
		r.drain(s.Bytes)
	case "mutate":
		r.mutate(s)
	default:
		r.t.Fatalf("unknown step %q", s.Do)
	}
	return 0
}

func xorshift(state uint32) func() uint32 {
	return func() uint32 {
		state ^= state << 13
		state ^= state >> 17
		state ^= state << 5
		return state
	}
}

func damage(piece []byte, next func() uint32) []byte {
	length := uint32(len(piece))
	if next()&3 == 0 {
		length = next() % (length + 1)
	}
	frame := append([]byte(nil), piece[:length]...)
	for n := 1 + next()%8; n > 0 && length > 0; n-- {
		at := next() % length
		frame[at] = byte(next())
	}
	return frame
}

func (r *run) mutate(s step) {
	next, statuses := xorshift(s.Seed), sha256.New()
	for i := 0; i < s.Count; i++ {
		kind := FrameP
		if i%len(s.Pieces) == 0 {
			kind = FrameI
		}
		later := float64(40 * i)
		at := Stamp{s.PTS + later, s.UTC + later, s.Seq + int32(i)}
		status := answer(r.channel.PushVideo(damage(r.piece(s.Pieces[i%len(s.Pieces)]), next), at, int32(kind)))
		statuses.Write(binary.LittleEndian.AppendUint32(nil, uint32(status)))
		r.drain(0)
	}
	if got := hex.EncodeToString(statuses.Sum(nil)); got != s.SHA256 {
		r.t.Errorf("statuses of damaged frames: %s, expected %s", got, s.SHA256)
	}
}

func (v vector) check(t *testing.T, r *run) {
	if got := hex.EncodeToString(r.stream.Sum(nil)); r.bytes != v.Expect.Stream.Bytes || got != v.Expect.Stream.SHA256 {
		t.Errorf("stream: %d bytes %s, expected %+v", r.bytes, got, v.Expect.Stream)
	}
	same(t, "slices", r.slices, v.Expect.Slices)
	same(t, "units", r.units, v.Expect.Units)
	for _, field := range v.Expect.State {
		offset, got := uint32(field[0].(float64)), 0.0
		if field[1] == "i32" {
			got = float64(r.channel.StateI32(offset))
		} else {
			got = r.channel.StateF64(offset)
		}
		if got != field[2] {
			t.Errorf("%v: %v, expected %v", field[3], got, field[2])
		}
	}
}

func same(t *testing.T, what string, got, expected []string) {
	for i := range max(len(got), len(expected)) {
		a, b := "none", "none"
		if i < len(got) {
			a = got[i]
		}
		if i < len(expected) {
			b = expected[i]
		}
		if a != b {
			t.Errorf("%s[%d]: %s, expected %s", what, i, a, b)
		}
	}
}

func (v vector) run(t *testing.T, piece func(string) []byte) {
	g := v.Config
	channel, err := Open(Config{g.RingBytes, g.Format, g.VideoCodec, g.AudioInput, g.SampleRate, g.Channels, g.AudioBitRate,
		g.NominalFps, g.SliceMinMs, g.SliceMaxMs, g.FullPolicy})
	if got := answer(0, err); got != v.Open {
		t.Fatalf("open: %v (%v), expected %v", got, err, v.Open)
	}
	if channel == nil {
		return
	}
	defer channel.Close()
	r := &run{t: t, channel: channel, piece: piece, stream: sha256.New()}
	for i, s := range v.Steps {
		if got := r.do(s); got != s.Status {
			t.Errorf("step %d %s %s: %v, expected %v", i, s.Do, s.Data, got, s.Status)
		}
	}
	r.collect()
	v.check(t, r)
}

func TestConformance(t *testing.T) {
	text, err := os.ReadFile(vectorsPath + "vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var file vectorFile
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(vectorsPath + file.Data.File)
	if err != nil {
		t.Fatal(err)
	}
	piece := func(name string) []byte {
		at, ok := file.Data.Pieces[name]
		if !ok {
			t.Fatalf("no piece %q", name)
		}
		return data[at[0] : at[0]+at[1]]
	}
	for _, v := range file.Vectors {
		t.Run(v.Name, func(t *testing.T) { v.run(t, piece) })
	}
}
