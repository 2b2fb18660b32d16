// Package skyrill muxes camera video and sound into MPEG-TS or fragmented MP4 with the Skyrill core, a WebAssembly module
// that runs inside wazero: pure Go, no cgo. One Channel is one instance of the core; calls of one Channel must not overlap,
// different channels are independent.
package skyrill

import (
	"context"
	_ "embed"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"sync"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
)

//go:embed core.wasm
var coreWasm []byte

// Status is what the core answers: 0 done, positive done with a notice, negative refused. A refusal is returned as an error,
// so errors.Is(err, skyrill.PictureNeedIDR) works.
type Status int32

func (s Status) Error() string {
	name, message := statusText(s)
	return fmt.Sprintf("%s (%d): %s", name, int32(s), message)
}

// ErrClosed is what a closed channel answers.
var ErrClosed = errors.New("skyrill: channel is closed")

// failed is no answer of the core: the call itself failed, Channel.failure says why.
const failed = math.MinInt32

// result splits an answer of the core into notice and error.
func (c *Channel) result(answer int32) (Status, error) {
	if answer == failed {
		return 0, c.failure
	}
	if answer < 0 {
		return 0, Status(answer)
	}
	return Status(answer), nil
}

// Config of a channel; NewConfig gives the defaults.
type Config struct {
	RingBytes    int32 // u32MaxGopSize: a multiple of 4096
	Format       int32 // FormatTS or FormatFMP4
	VideoCodec   int32 // VideoH264, VideoH265 or VideoNone
	AudioInput   int32 // AudioAAC, AudioPCM, AudioG711A, AudioG711U or AudioNone
	SampleRate   int32 // Hz; 0 with AAC: from the ADTS header
	Channels     int32 // 1 or 2; 0 with AAC: from the ADTS header
	AudioBitRate int32 // bit/s of the AAC encoder; 0: its default
	NominalFPS   int32 // 0: variable
	SliceMinMs   int32 // a slice ends at the first IDR at least this long after its start
	SliceMaxMs   int32 // a slice ends here when no IDR comes
	FullPolicy   int32 // PolicyRefuse or PolicyEvict
}

// NewConfig is MPEG-TS with H.264 and no sound, slices of 10 to 60 s, the oldest GOP evicted when the ring is full.
func NewConfig(ringBytes int32) Config {
	return Config{RingBytes: ringBytes, AudioInput: AudioNone, SliceMinMs: 10_000, SliceMaxMs: 60_000, FullPolicy: PolicyEvict}
}

// Stamp places a frame in time: milliseconds since any epoch (audio and video share it), wall clock in UTC milliseconds,
// sequence number.
type Stamp struct {
	PTSMs, UTCMs float64
	Seq          int32
}

// Channel is one open core.
type Channel struct {
	ctx    context.Context
	module api.Module
	memory []byte // all of the core's memory, which never grows after open
	stack  [6]uint64

	failure error // of the engine; the channel answers nothing else from then on

	state, ring, ringSize, audioAt uint32

	reserveFn, pushVideoFn, pushAudioFn, flushFn, closeFn, releaseFn, holdFn, sliceFn, unitFn, frameFn, initAtFn, initLenFn api.Function

	reserved   uint32
	drainSlice int32
	lastInit   int32
}

type engine struct {
	runtime  wazero.Runtime
	compiled wazero.CompiledModule
	err      error
}

// The module is compiled once per process.
var shared = sync.OnceValue(func() engine {
	ctx := context.Background()
	runtime := wazero.NewRuntime(ctx)
	compiled, err := runtime.CompileModule(ctx, coreWasm)
	return engine{runtime, compiled, err}
})

// Open starts a channel. A configuration out of range gives its Status as error.
func Open(config Config) (*Channel, error) {
	e := shared()
	if e.err != nil {
		return nil, e.err
	}
	ctx := context.Background()
	module, err := e.runtime.InstantiateModule(ctx, e.compiled, wazero.NewModuleConfig().WithName(""))
	if err != nil {
		return nil, err
	}
	c := &Channel{ctx: ctx, module: module, lastInit: -1}
	if err := c.open(config); err != nil {
		module.Close(ctx)
		return nil, err
	}
	return c, nil
}

func (c *Channel) open(config Config) error {
	export := c.module.ExportedFunction
	if version := c.call(export("abi_version")); c.failure != nil {
		return c.failure
	} else if version != ABIVersion {
		return fmt.Errorf("core.wasm has ABI version %d, this package needs %d", version, ABIVersion)
	}
	c.mapMemory()
	at := uint32(c.call(export("config")))
	for offset, value := range map[uint32]int32{
		configRingBytes: config.RingBytes, configFormat: config.Format, configVideoCodec: config.VideoCodec,
		configAudioInput: config.AudioInput, configSampleRate: config.SampleRate, configChannels: config.Channels,
		configAudioBitRate: config.AudioBitRate, configNominalFps: config.NominalFPS, configSliceMinMs: config.SliceMinMs,
		configSliceMaxMs: config.SliceMaxMs, configFullPolicy: config.FullPolicy,
	} {
		binary.LittleEndian.PutUint32(c.memory[at+offset:], uint32(value))
	}
	if _, err := c.result(c.call(export("open"))); err != nil {
		return err
	}
	c.mapMemory()
	c.state = uint32(c.call(export("state")))
	c.ring = uint32(c.StateI32(StateRingAddress))
	c.ringSize = uint32(c.StateI32(StateRingSize))
	c.audioAt = uint32(c.call(export("audio_buffer")))
	for name, fn := range map[string]*api.Function{
		"reserve": &c.reserveFn, "push_video": &c.pushVideoFn, "push_audio": &c.pushAudioFn, "flush": &c.flushFn,
		"close_fragment": &c.closeFn, "release": &c.releaseFn, "hold": &c.holdFn, "slice_address": &c.sliceFn,
		"unit_address": &c.unitFn, "frame_address": &c.frameFn, "init_address": &c.initAtFn, "init_length": &c.initLenFn,
	} {
		*fn = export(name)
	}
	return nil
}

func (c *Channel) mapMemory() {
	c.memory, _ = c.module.Memory().Read(0, c.module.Memory().Size())
}

// Close ends the channel: later calls answer ErrClosed. Flush is not implied. Views stay readable; the garbage collector frees them.
func (c *Channel) Close() error {
	if c.failure == nil {
		c.failure = ErrClosed
	}
	return c.module.Close(c.ctx)
}

// call runs an export without allocating. The core does not trap; if it did, the channel would answer with that error from then on.
func (c *Channel) call(fn api.Function, args ...uint64) int32 {
	if c.failure != nil {
		return failed
	}
	copy(c.stack[:], args)
	if err := fn.CallWithStack(c.ctx, c.stack[:]); err != nil {
		c.failure = fmt.Errorf("skyrill: %w", err)
		return failed
	}
	return int32(uint32(c.stack[0]))
}

// record is the address of a record, 0 when there is none.
func (c *Channel) record(fn api.Function, number int32) uint32 {
	if at := c.call(fn, uint64(uint32(number))); at > 0 {
		return uint32(at)
	}
	return 0
}

// PushVideo hands over one access unit (Annex B): one copy, into the ring.
func (c *Channel) PushVideo(frame []byte, at Stamp, frameType int32) (Status, error) {
	room, err := c.Reserve(len(frame))
	if errors.Is(err, RingRetry) {
		room, err = c.Reserve(len(frame))
	}
	if err != nil {
		return 0, err
	}
	copy(room, frame)
	return c.PushReserved(len(frame), at, frameType)
}

// Reserve gives room inside the ring for a frame of length bytes: write it there, then call PushReserved. The view is valid until
// the next call. RingRetry: a fragment was closed to make room; call Reserve again, before or after reading it.
func (c *Channel) Reserve(length int) ([]byte, error) {
	if length > math.MaxInt32 {
		return nil, RingTooSmall
	}
	address, err := c.result(c.call(c.reserveFn, uint64(uint32(length))))
	if err != nil {
		return nil, err
	}
	c.reserved = uint32(address)
	return c.memory[c.reserved : c.reserved+uint32(length)], nil
}

// PushReserved muxes the frame of length bytes at the start of the reserved room, in place.
func (c *Channel) PushReserved(length int, at Stamp, frameType int32) (Status, error) {
	return c.result(c.call(c.pushVideoFn, uint64(c.reserved), uint64(uint32(length)), api.EncodeF64(at.PTSMs),
		api.EncodeF64(at.UTCMs), uint64(uint32(at.Seq)), uint64(uint32(frameType))))
}

// PushAudio hands over ADTS frames, or 1024 samples per channel of PCM (16 bit, little-endian) or G.711.
func (c *Channel) PushAudio(frame []byte, at Stamp) (Status, error) {
	if len(frame) > AudioInputBytes {
		return 0, AudioLength
	}
	copy(c.memory[c.audioAt:], frame)
	return c.result(c.call(c.pushAudioFn, uint64(c.audioAt), uint64(uint32(len(frame))), api.EncodeF64(at.PTSMs),
		api.EncodeF64(at.UTCMs), uint64(uint32(at.Seq))))
}

// Flush ends the open slice: ClosedStop, ClosedPause, ClosedClock or ClosedFormat.
func (c *Channel) Flush(why int32) (Status, error) {
	return c.result(c.call(c.flushFn, uint64(uint32(why))))
}

// CloseFragment is to be called after a second without frames: what waits becomes visible.
func (c *Channel) CloseFragment() (Status, error) {
	return c.result(c.call(c.closeFn))
}

// Head is the end of what may be read, as a position: bytes since open.
func (c *Channel) Head() float64 { return c.StateF64(StateHead) }

// Tail is the start of what is still in the ring.
func (c *Channel) Tail() float64 { return c.StateF64(StateTail) }

// Piece is the first contiguous part of [from, to), a view valid until its bytes are released; ask again for the rest. It is nil
// for what does not lie in [Tail, Head).
func (c *Channel) Piece(from, to float64) []byte {
	if !(c.Tail() <= from && from < to && to <= c.Head()) {
		return nil
	}
	offset := uint32(math.Mod(from-c.StateF64(StateOrigin), float64(c.ringSize)))
	length := min(uint32(to-from), c.ringSize-offset)
	return c.memory[c.ring+offset : c.ring+offset+length]
}

// Release ends the use of everything below position.
func (c *Channel) Release(position float64) error {
	_, err := c.result(c.call(c.releaseFn, api.EncodeF64(position)))
	return err
}

// Hold keeps [from, to) from eviction while a request is in flight; Hold(0, 0) ends it.
func (c *Channel) Hold(from, to float64) error {
	_, err := c.result(c.call(c.holdFn, api.EncodeF64(from), api.EncodeF64(to)))
	return err
}

// WriteTo writes everything in the ring to w and releases it: a file as it grows. With fMP4 the init segment goes in front.
func (c *Channel) WriteTo(w io.Writer) (int64, error) {
	return c.Drain(w, c.Head())
}

// Drain is WriteTo up to position. What w took is released, also when it fails.
func (c *Channel) Drain(w io.Writer, position float64) (int64, error) {
	var written int64
	for from := c.Tail(); from < position; {
		slice, err := c.sliceAt(from)
		if err != nil {
			return written, err
		}
		if slice.Init >= 0 && slice.Init != c.lastInit {
			n, err := w.Write(c.InitSegment(slice.Init))
			written += int64(n)
			if err != nil {
				return written, err
			}
			c.lastInit = slice.Init
		}
		piece := c.Piece(from, min(position, slice.End))
		if len(piece) == 0 {
			return written, RingPosition
		}
		n, err := w.Write(piece)
		written += int64(n)
		from += float64(n)
		if released := c.Release(from); err == nil {
			err = released
		}
		if err != nil {
			return written, err
		}
	}
	return written, nil
}

func (c *Channel) sliceAt(position float64) (Slice, error) {
	for ; c.drainSlice < c.StateI32(StateNextSlice); c.drainSlice++ {
		if slice, ok := c.Slice(c.drainSlice); ok && position < slice.End {
			return slice, nil
		}
	}
	return Slice{}, RingPosition
}

// InitSegment is the fMP4 init segment with this id, a view; nil when there is none. A slice's file is its init segment and its bytes.
func (c *Channel) InitSegment(id int32) []byte {
	at, length := c.record(c.initAtFn, id), c.record(c.initLenFn, id)
	if at == 0 {
		return nil
	}
	return c.memory[at : at+length]
}

// Shortfall is how many bytes were missing when the last Status said that room was too small.
func (c *Channel) Shortfall() int32 { return c.StateI32(StateShortfall) }

// StateI32 is a 32-bit field of the state block: StateRingAddress and those behind it.
func (c *Channel) StateI32(offset uint32) int32 { return c.i32(c.state + offset) }

// StateF64 is a 64-bit field of the state block: those before StateRingAddress.
func (c *Channel) StateF64(offset uint32) float64 { return c.f64(c.state + offset) }

func (c *Channel) i32(at uint32) int32 { return int32(binary.LittleEndian.Uint32(c.memory[at:])) }
func (c *Channel) f64(at uint32) float64 {
	return math.Float64frombits(binary.LittleEndian.Uint64(c.memory[at:]))
}
