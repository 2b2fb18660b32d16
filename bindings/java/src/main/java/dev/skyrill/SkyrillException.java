package dev.skyrill;

/** The core refused. Cameras make mistakes at frame rate, so it carries no stack trace. */
public final class SkyrillException extends Exception {
  private static final long serialVersionUID = 1;
  private final int status;
  private final int shortfall;

  SkyrillException(int status, int shortfall) {
    super(message(status, shortfall), null, false, false);
    this.status = status;
    this.shortfall = shortfall;
  }

  private static String message(int status, int shortfall) {
    String missing = shortfall > 0 ? " (" + shortfall + " bytes are missing)" : "";
    return Abi.statusName(status) + " (" + status + "): " + Abi.statusMessage(status) + missing;
  }

  /** A negative status of {@link Abi}. */
  public int status() {
    return status;
  }

  /** Bytes that were missing when room was too small, else 0. */
  public int shortfall() {
    return shortfall;
  }
}
