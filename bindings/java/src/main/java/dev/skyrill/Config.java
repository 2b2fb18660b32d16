package dev.skyrill;

/** Fields and order of the ABI's config block. The defaults are MPEG-TS with H.264 and no sound. */
public final class Config {
  /** u32MaxGopSize: a multiple of 4096. */
  public int ringBytes;

  /** FORMAT_TS or FORMAT_FMP4. */
  public int format = Abi.FORMAT_TS;

  /** VIDEO_H264, VIDEO_H265 or VIDEO_NONE. */
  public int videoCodec = Abi.VIDEO_H264;

  /** AUDIO_AAC, AUDIO_PCM, AUDIO_G711A, AUDIO_G711U or AUDIO_NONE. */
  public int audioInput = Abi.AUDIO_NONE;

  /** Hz; 0 with AAC: from the ADTS header. */
  public int sampleRate;

  /** 1 or 2; 0 with AAC: from the ADTS header. */
  public int channels;

  /** bit/s of the AAC encoder; 0: its default. */
  public int audioBitRate;

  /** 0: variable. */
  public int nominalFps;

  /** A slice ends at the first IDR at least this long after its start. */
  public int sliceMinMs = 10_000;

  /** A slice ends here when no IDR comes. */
  public int sliceMaxMs = 60_000;

  /** POLICY_REFUSE or POLICY_EVICT. */
  public int fullPolicy = Abi.POLICY_EVICT;

  public Config(int ringBytes) {
    this.ringBytes = ringBytes;
  }

  int[] block() {
    int[] block = new int[Abi.CONFIG_BYTES / 4];
    block[Abi.CONFIG_RING_BYTES / 4] = ringBytes;
    block[Abi.CONFIG_FORMAT / 4] = format;
    block[Abi.CONFIG_VIDEO_CODEC / 4] = videoCodec;
    block[Abi.CONFIG_AUDIO_INPUT / 4] = audioInput;
    block[Abi.CONFIG_SAMPLE_RATE / 4] = sampleRate;
    block[Abi.CONFIG_CHANNELS / 4] = channels;
    block[Abi.CONFIG_AUDIO_BIT_RATE / 4] = audioBitRate;
    block[Abi.CONFIG_NOMINAL_FPS / 4] = nominalFps;
    block[Abi.CONFIG_SLICE_MIN_MS / 4] = sliceMinMs;
    block[Abi.CONFIG_SLICE_MAX_MS / 4] = sliceMaxMs;
    block[Abi.CONFIG_FULL_POLICY / 4] = fullPolicy;
    return block;
  }
}
