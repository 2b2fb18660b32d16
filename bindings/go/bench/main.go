// Measures pushes: bench CAMERA SMALL SOUND. What it prints is read by bench/bindings.
package main

import (
	"encoding/binary"
	"fmt"
	"os"
	"slices"
	"time"

	"skyrill.dev/skyrill"
)

const (
	ringBytes = 4 << 20
	batches   = 25
	batchTime = 40 * time.Millisecond
	soundPush = 2 * 1024
	soundRate = 16000
)

type picture struct {
	bytes []byte
	kind  int32
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func pictures(path string) []picture {
	file := must(os.ReadFile(path))
	u32 := func(at uint32) uint32 { return binary.LittleEndian.Uint32(file[at:]) }
	list := make([]picture, u32(0))
	data := file[4+8*len(list):]
	for i := range list {
		length := u32(uint32(4 + 8*i))
		list[i] = picture{data[:length], int32(u32(uint32(8 + 8*i)))}
		data = data[length:]
	}
	return list
}

// measure takes the fastest of batches of passes: what else runs can only add to it. The first batch warms up.
func measure(name string, perPass int, pass func()) {
	var ns []float64
	for batch := range batches + 1 {
		start, frames := time.Now(), 0
		for time.Since(start) < batchTime {
			pass()
			frames += perPass
		}
		if batch > 0 {
			ns = append(ns, float64(time.Since(start).Nanoseconds())/float64(frames))
		}
	}
	fmt.Printf("%s %.1f\n", name, slices.Min(ns))
}

func video(name, path string, format int32) {
	config := skyrill.NewConfig(ringBytes)
	config.Format = format
	channel, list := must(skyrill.Open(config)), pictures(path)
	at := skyrill.Stamp{PTSMs: 60_000, UTCMs: 60_000}
	measure(name, len(list), func() {
		for _, p := range list {
			must(channel.PushVideo(p.bytes, at, p.kind))
			must(0, channel.Release(channel.Head()))
			at.PTSMs, at.UTCMs, at.Seq = at.PTSMs+40, at.UTCMs+40, at.Seq+1
		}
	})
}

func sound(path string) {
	config := skyrill.NewConfig(ringBytes)
	config.VideoCodec, config.AudioInput, config.SampleRate, config.Channels = skyrill.VideoNone, skyrill.AudioPCM, soundRate, 1
	channel, file := must(skyrill.Open(config)), must(os.ReadFile(path))
	at := skyrill.Stamp{}
	measure("aac", len(file)/soundPush, func() {
		for from := 0; from+soundPush <= len(file); from += soundPush {
			must(channel.PushAudio(file[from:from+soundPush], at))
			must(0, channel.Release(channel.Head()))
			at.PTSMs, at.UTCMs, at.Seq = at.PTSMs+64, at.UTCMs+64, at.Seq+1
		}
	})
}

func main() {
	video("ts", os.Args[1], skyrill.FormatTS)
	video("fmp4", os.Args[1], skyrill.FormatFMP4)
	video("ts-small", os.Args[2], skyrill.FormatTS)
	sound(os.Args[3])
}
