package dev.skyrill;

/** Places a frame in time: milliseconds since any epoch (audio and video share it), UTC milliseconds, sequence number. */
public record Stamp(double ptsMs, double utcMs, int seq) {}
