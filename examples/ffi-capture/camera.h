/* A capture driver as capture.mjs calls it: it writes each picture where the core will mux it. */
#ifndef CAMERA_H
#define CAMERA_H

#include <stdint.h>

/* 0, or -1 when the source cannot be opened. */
int camera_open(const char *source);

/*
 * Writes the next access unit (Annex B) to `to`, at most `room` bytes, and waits for it if need be.
 * Returns its length; 0 at the end; -1 when it is longer than `room` (it is skipped).
 */
int32_t camera_next(uint8_t *to, uint32_t room);

/* Of the picture that camera_next gave last. */
double camera_pts_ms(void);
int camera_is_idr(void);

void camera_close(void);

#endif
