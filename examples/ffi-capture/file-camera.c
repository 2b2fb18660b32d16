/* A raw H.264 file in which each picture begins with an access unit delimiter, 25 pictures per second. */
#include "camera.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAL_IDR = 5, NAL_AUD = 9 };
static const double PICTURE_MS = 1000.0 / 25;

static uint8_t *file;
static size_t size, at;
static long pictures;
static int idr;

/* Position of the next start code from `from` on, or the size. Spec: H.264 B.1.1. */
static size_t start_code(size_t from) {
  for (size_t i = from; i + 3 < size; i++)
    if (file[i] == 0 && file[i + 1] == 0 && file[i + 2] == 1) return i;
  return size;
}

int camera_open(const char *source) {
  FILE *in = fopen(source, "rb");
  if (in == NULL) return -1;
  fseek(in, 0, SEEK_END);
  size = (size_t)ftell(in);
  rewind(in);
  file = malloc(size);
  const int is_whole = file != NULL && fread(file, 1, size, in) == size;
  fclose(in);
  at = start_code(0);
  pictures = 0;
  return is_whole ? 0 : -1;
}

/* Start codes of 4 bytes, as encoders in cameras write them: the core turns them into lengths where they are. */
int32_t camera_next(uint8_t *to, uint32_t room) {
  if (at >= size) return 0;
  uint32_t length = 0;
  int fits = 1;
  idr = 0;
  do {
    const size_t from = at + 3;
    at = start_code(from);
    size_t end = at;
    while (end > from && file[end - 1] == 0) end--; /* zeros between NAL units */
    const uint32_t bytes = (uint32_t)(end - from);
    const int is_delimiter = (file[from] & 31) == NAL_AUD; /* cameras do not send any */
    fits = fits && length + 4 + bytes <= room;
    if (fits && !is_delimiter) {
      memcpy(to + length, "\0\0\0\1", 4);
      memcpy(to + length + 4, file + from, bytes);
      length += 4 + bytes;
    }
    if ((file[from] & 31) == NAL_IDR) idr = 1;
  } while (at < size && (file[at + 3] & 31) != NAL_AUD);
  pictures++;
  return fits ? (int32_t)length : -1;
}

double camera_pts_ms(void) { return (double)(pictures - 1) * PICTURE_MS; }
int camera_is_idr(void) { return idr; }
void camera_close(void) { free(file); file = NULL; }
