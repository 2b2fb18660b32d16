/*
 * A V4L2 camera with an H.264 encoder (/dev/video0). The picture is copied once, from the driver's buffer to where it is muxed; nothing
 * else on the way to the socket copies it.
 */
#include "camera.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/videodev2.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

enum { BUFFERS = 4, WIDTH = 1920, HEIGHT = 1080, NAL_IDR = 5 };

static int device = -1;
static struct { void *start; size_t length; } buffers[BUFFERS];
static double pts_ms;
static int idr;

static int control(unsigned long request, void *argument) {
  int result;
  do result = ioctl(device, request, argument);
  while (result < 0 && errno == EINTR);
  return result;
}

static int map_buffers(void) {
  struct v4l2_requestbuffers request = { .count = BUFFERS, .type = V4L2_BUF_TYPE_VIDEO_CAPTURE, .memory = V4L2_MEMORY_MMAP };
  if (control(VIDIOC_REQBUFS, &request) < 0 || request.count < 2) return -1;
  for (unsigned i = 0; i < request.count && i < BUFFERS; i++) {
    struct v4l2_buffer buffer = { .index = i, .type = V4L2_BUF_TYPE_VIDEO_CAPTURE, .memory = V4L2_MEMORY_MMAP };
    if (control(VIDIOC_QUERYBUF, &buffer) < 0) return -1;
    buffers[i].length = buffer.length;
    buffers[i].start = mmap(NULL, buffer.length, PROT_READ | PROT_WRITE, MAP_SHARED, device, buffer.m.offset);
    if (buffers[i].start == MAP_FAILED || control(VIDIOC_QBUF, &buffer) < 0) return -1;
  }
  return 0;
}

int camera_open(const char *source) {
  device = open(source, O_RDWR | O_CLOEXEC);
  if (device < 0) return -1;
  struct v4l2_format format = { .type = V4L2_BUF_TYPE_VIDEO_CAPTURE };
  format.fmt.pix.width = WIDTH;
  format.fmt.pix.height = HEIGHT;
  format.fmt.pix.pixelformat = V4L2_PIX_FMT_H264;
  if (control(VIDIOC_S_FMT, &format) < 0 || format.fmt.pix.pixelformat != V4L2_PIX_FMT_H264) return -1;
  enum v4l2_buf_type type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
  return map_buffers() == 0 && control(VIDIOC_STREAMON, &type) == 0 ? 0 : -1;
}

/* Whether an IDR is in it. Spec: H.264 Table 7-1. */
static int has_idr(const uint8_t *unit, size_t length) {
  for (size_t i = 0; i + 3 < length; i++)
    if (unit[i] == 0 && unit[i + 1] == 0 && unit[i + 2] == 1 && (unit[i + 3] & 31) == NAL_IDR) return 1;
  return 0;
}

int32_t camera_next(uint8_t *to, uint32_t room) {
  struct v4l2_buffer buffer = { .type = V4L2_BUF_TYPE_VIDEO_CAPTURE, .memory = V4L2_MEMORY_MMAP };
  if (control(VIDIOC_DQBUF, &buffer) < 0) return 0;
  const uint32_t length = buffer.bytesused;
  const int fits = length <= room;
  if (fits) {
    memcpy(to, buffers[buffer.index].start, length);
    idr = has_idr(to, length);
    pts_ms = (double)buffer.timestamp.tv_sec * 1000 + (double)buffer.timestamp.tv_usec / 1000;
  }
  control(VIDIOC_QBUF, &buffer);
  return fits ? (int32_t)length : -1;
}

double camera_pts_ms(void) { return pts_ms; }
int camera_is_idr(void) { return idr; }

void camera_close(void) {
  enum v4l2_buf_type type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
  control(VIDIOC_STREAMOFF, &type);
  for (unsigned i = 0; i < BUFFERS; i++)
    if (buffers[i].start != NULL) munmap(buffers[i].start, buffers[i].length);
  close(device);
}
