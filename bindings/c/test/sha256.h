#ifndef SHA256_H
#define SHA256_H
#include <stddef.h>
#include <stdint.h>

typedef struct {
  uint32_t state[8];
  uint64_t bytes;
  uint8_t block[64];
} sha256;

void sha256_init(sha256 *h);
void sha256_update(sha256 *h, const void *data, size_t length);
/* 64 hexadecimal digits and a zero. */
void sha256_hex(sha256 *h, char text[65]);
#endif
