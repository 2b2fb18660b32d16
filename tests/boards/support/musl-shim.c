/* What Debian's libstdc++ (built for glibc) asks of its C library and musl does not have. For the smoke test only. */
#include <stddef.h>
#include <stdint.h>

typedef void *locale_pointer;
long getrandom(void *, size_t, unsigned);
unsigned long getauxval(unsigned long);
size_t strftime_l(char *, size_t, const char *, const void *, locale_pointer);

char __libc_single_threaded = 0;

uint32_t arc4random(void) {
  uint32_t value = 0;
  getrandom(&value, sizeof value, 0);
  return value;
}

unsigned long __getauxval(unsigned long type) { return getauxval(type); }

size_t __strftime_l(char *to, size_t size, const char *format, const void *time, locale_pointer locale) {
  return strftime_l(to, size, format, time, locale);
}

/* Destructors of thread-local objects are not run. */
int __cxa_thread_atexit_impl(void (*destructor)(void *), void *object, void *library) {
  (void)destructor, (void)object, (void)library;
  return 0;
}

/* Not found: the unwinder then asks dl_iterate_phdr. */
int _dl_find_object(void *address, void *result) {
  (void)address, (void)result;
  return -1;
}
