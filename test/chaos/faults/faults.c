/*
 * Makes a process believe in a failing disk and a wrong time of day, on order and while it runs. Preloaded into the
 * processes of a chaos run; the harness writes its orders into a small file that is mapped here, and reads from the
 * same file how often they were carried out. Without the file everything is passed through.
 *
 * Linux with glibc. LevelDB writes by stdio and libuv by system calls, so both roads are watched.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

/* The layout is known to shim.ts. Every field is 64 bits wide, so that no reader sees half of a change. */
struct orders {
  int64_t wall_offset_ns;
  int64_t sync_action; /* one of the actions below */
  int64_t sync_value;  /* DELAY: milliseconds; FAIL: errno */
  int64_t sync_left;   /* how many calls are still to be hit; -1: all */
  int64_t write_error; /* errno of every write; 0: none */
  int64_t sync_hits;
  int64_t write_hits;
  int64_t wall_reads; /* times of day that were told with an offset */
};

enum { NOTHING = 0, DELAY = 1, FAIL = 2, HANG = 3 };

static struct orders calm;
static struct orders *orders = &calm;
static const char *folder;

static int (*real_fsync)(int);
static int (*real_fdatasync)(int);
static ssize_t (*real_write)(int, const void *, size_t);
static ssize_t (*real_writev)(int, const struct iovec *, int);
static ssize_t (*real_pwrite64)(int, const void *, size_t, off64_t);
static int (*real_fflush_unlocked)(FILE *);
static int (*real_clock_gettime)(clockid_t, struct timespec *);

static void find_all(void) {
  real_fsync = dlsym(RTLD_NEXT, "fsync");
  real_fdatasync = dlsym(RTLD_NEXT, "fdatasync");
  real_write = dlsym(RTLD_NEXT, "write");
  real_writev = dlsym(RTLD_NEXT, "writev");
  real_pwrite64 = dlsym(RTLD_NEXT, "pwrite64");
  real_fflush_unlocked = dlsym(RTLD_NEXT, "fflush_unlocked");
  real_clock_gettime = dlsym(RTLD_NEXT, "clock_gettime");
}

/* Any of these may be called before our constructor has run. */
#define READY() \
  if (real_clock_gettime == NULL) find_all()

__attribute__((constructor)) static void start(void) {
  READY();
  const char *path = getenv("HOLDFAST_CHAOS_ORDERS");
  folder = getenv("HOLDFAST_CHAOS_FOLDER");
  if (path == NULL || folder == NULL) return;
  int file = open(path, O_RDWR | O_CLOEXEC);
  if (file < 0) return;
  void *mapped = mmap(NULL, sizeof(struct orders), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  close(file);
  if (mapped != MAP_FAILED) orders = mapped;
}

static int64_t look(int64_t *field) { return __atomic_load_n(field, __ATOMIC_RELAXED); }

static void count(int64_t *field) { __atomic_fetch_add(field, 1, __ATOMIC_RELAXED); }

/* Only files of the node's own folder fail: neither its pipes nor its sockets nor what Node reads for itself. */
static int is_ours(int file) {
  char link[64], path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0 || folder == NULL) return 0;
  path[length] = 0;
  return strncmp(path, folder, strlen(folder)) == 0;
}

static void nap(int64_t ms) {
  struct timespec rest = {ms / 1000, (ms % 1000) * 1000000};
  while (nanosleep(&rest, &rest) != 0 && errno == EINTR) continue;
}

/* Takes one of the calls that are still to be hit. */
static int take_one(void) {
  int64_t left = look(&orders->sync_left);
  while (left > 0) {
    if (__atomic_compare_exchange_n(&orders->sync_left, &left, left - 1, 0, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) return 1;
  }
  return left != 0;
}

/* 0: go on and sync; otherwise the errno that the caller gets. */
static int before_sync(int file) {
  int64_t action = look(&orders->sync_action);
  if (action == NOTHING || !is_ours(file) || !take_one()) return 0;
  int64_t value = look(&orders->sync_value);
  count(&orders->sync_hits);
  if (action == DELAY) nap(value);
  /* A disk that hangs answers once it is well again. */
  while (action == HANG && look(&orders->sync_action) == HANG) nap(10);
  return action == FAIL ? (int)value : 0;
}

static int before_write(int file) {
  int64_t error = look(&orders->write_error);
  if (error == 0 || !is_ours(file)) return 0;
  count(&orders->write_hits);
  return (int)error;
}

#define REFUSE_IF(error) \
  do { \
    int refusal = (error); \
    if (refusal != 0) { errno = refusal; return -1; } \
  } while (0)

int fsync(int file) {
  READY();
  REFUSE_IF(before_sync(file));
  return real_fsync(file);
}

int fdatasync(int file) {
  READY();
  REFUSE_IF(before_sync(file));
  return real_fdatasync(file);
}

ssize_t write(int file, const void *bytes, size_t length) {
  READY();
  REFUSE_IF(before_write(file));
  return real_write(file, bytes, length);
}

ssize_t writev(int file, const struct iovec *parts, int count_of_parts) {
  READY();
  REFUSE_IF(before_write(file));
  return real_writev(file, parts, count_of_parts);
}

ssize_t pwrite64(int file, const void *bytes, size_t length, off64_t at) {
  READY();
  REFUSE_IF(before_write(file));
  return real_pwrite64(file, bytes, length, at);
}

ssize_t pwrite(int file, const void *bytes, size_t length, off_t at) { return pwrite64(file, bytes, length, at); }

/* The write(2) inside of glibc cannot be replaced: stdio is made to fail where it would have written. */
int fflush_unlocked(FILE *stream) {
  READY();
  int refusal = stream == NULL || __fpending(stream) == 0 ? 0 : before_write(fileno_unlocked(stream));
  if (refusal == 0) return real_fflush_unlocked(stream);
  __fpurge(stream);
  errno = refusal;
  return EOF;
}

int clock_gettime(clockid_t which, struct timespec *time) {
  READY();
  int failed = real_clock_gettime(which, time);
  if (failed != 0 || (which != CLOCK_REALTIME && which != CLOCK_REALTIME_COARSE)) return failed;
  int64_t offset = look(&orders->wall_offset_ns);
  if (offset == 0) return 0;
  count(&orders->wall_reads);
  int64_t shifted = (int64_t)time->tv_sec * 1000000000 + time->tv_nsec + offset;
  time->tv_sec = shifted / 1000000000;
  time->tv_nsec = shifted % 1000000000;
  return 0;
}

int gettimeofday(struct timeval *restrict time, void *restrict zone) {
  (void)zone;
  struct timespec now;
  if (clock_gettime(CLOCK_REALTIME, &now) != 0) return -1;
  time->tv_sec = now.tv_sec;
  time->tv_usec = now.tv_nsec / 1000;
  return 0;
}

time_t time(time_t *where) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (where != NULL) *where = now.tv_sec;
  return now.tv_sec;
}
