/* Spec: FIPS 180-4 6.2 */
#include "sha256.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static uint32_t k[64];

static uint32_t rotate(uint32_t x, int n) { return x >> n | x << (32 - n); }

/* First 32 bits of the fractional part: the constants come from roots of the first 64 primes (4.2.2, 5.3.3). */
static uint32_t fraction(long double root) { return (uint32_t)((root - floorl(root)) * 4294967296.0L); }

static int is_prime(int n) {
  for (int d = 2; d * d <= n; d++)
    if (n % d == 0) return 0;
  return 1;
}

void sha256_init(sha256 *h) {
  memset(h, 0, sizeof *h);
  for (int n = 2, i = 0; i < 64; n++) {
    if (!is_prime(n)) continue;
    if (i < 8) h->state[i] = fraction(sqrtl(n));
    k[i++] = fraction(cbrtl(n));
  }
}

static void compress(sha256 *h) {
  uint32_t w[64], v[8];
  for (int i = 0; i < 16; i++) {
    const uint8_t *p = h->block + 4 * i;
    w[i] = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
  }
  for (int i = 16; i < 64; i++) {
    const uint32_t a = w[i - 15], b = w[i - 2];
    w[i] = w[i - 16] + (rotate(a, 7) ^ rotate(a, 18) ^ a >> 3) + w[i - 7] + (rotate(b, 17) ^ rotate(b, 19) ^ b >> 10);
  }
  memcpy(v, h->state, sizeof v);
  for (int i = 0; i < 64; i++) {
    const uint32_t e = v[4], a = v[0];
    const uint32_t t1 = v[7] + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) + ((e & v[5]) ^ (~e & v[6])) + k[i] + w[i];
    const uint32_t t2 = (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + ((a & v[1]) ^ (a & v[2]) ^ (v[1] & v[2]));
    memmove(v + 1, v, 7 * sizeof *v);
    v[4] += t1;
    v[0] = t1 + t2;
  }
  for (int i = 0; i < 8; i++) h->state[i] += v[i];
}

void sha256_update(sha256 *h, const void *data, size_t length) {
  const uint8_t *p = data;
  while (length > 0) {
    const size_t at = h->bytes % 64, n = length < 64 - at ? length : 64 - at;
    memcpy(h->block + at, p, n);
    h->bytes += n;
    p += n;
    length -= n;
    if (h->bytes % 64 == 0) compress(h);
  }
}

void sha256_hex(sha256 *h, char text[65]) {
  const uint64_t bits = h->bytes * 8;
  uint8_t tail[8];
  for (int i = 0; i < 8; i++) tail[i] = (uint8_t)(bits >> (56 - 8 * i));
  sha256_update(h, "\x80", 1);
  while (h->bytes % 64 != 56) sha256_update(h, "", 1);
  sha256_update(h, tail, 8);
  for (int i = 0; i < 8; i++) sprintf(text + 8 * i, "%08x", (unsigned)h->state[i]);
}
