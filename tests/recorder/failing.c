/* Fails the n-th operation that changes a file below one folder, once or from then on: for LD_PRELOAD. What isn't
   below that folder is left alone. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static char below[PATH_MAX];
static long count, nth = -1;
static int number, always;

/* Arms it: operation `n` (from 0) fails with errno `e`; with `a`, all later ones too. */
void failing_arm(const char *folder, long n, int e, int a) {
    snprintf(below, sizeof below, "%s", folder);
    count = 0;
    nth = n;
    number = e;
    always = a;
}

/* How many operations there were. */
long failing_count(void) { return __atomic_load_n(&count, __ATOMIC_SEQ_CST); }

static int fails_path(const char *path) {
    if (!below[0] || strncmp(path, below, strlen(below))) return 0;
    long mine = __atomic_fetch_add(&count, 1, __ATOMIC_SEQ_CST);
    if (nth < 0 || mine < nth || (mine > nth && !always)) return 0;
    errno = number;
    return 1;
}

static int fails(int fd) {
    char link[64], path[PATH_MAX];
    if (!below[0]) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t size = readlink(link, path, sizeof path - 1);
    if (size < 0) return 0;
    path[size] = 0;
    return fails_path(path);
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

ssize_t pwrite(int fd, const void *data, size_t size, off_t at) { return fails(fd) ? -1 : REAL(pwrite)(fd, data, size, at); }
ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at) { return fails(fd) ? -1 : REAL(pwrite64)(fd, data, size, at); }
ssize_t write(int fd, const void *data, size_t size) { return fails(fd) ? -1 : REAL(write)(fd, data, size); }
int fsync(int fd) { return fails(fd) ? -1 : REAL(fsync)(fd); }
int fdatasync(int fd) { return fails(fd) ? -1 : REAL(fdatasync)(fd); }
int syncfs(int fd) { return fails(fd) ? -1 : REAL(syncfs)(fd); }
int ftruncate(int fd, off_t size) { return fails(fd) ? -1 : REAL(ftruncate)(fd, size); }
int ftruncate64(int fd, off64_t size) { return fails(fd) ? -1 : REAL(ftruncate64)(fd, size); }
int rename(const char *old, const char *new) { return fails_path(old) ? -1 : REAL(rename)(old, new); }
int renameat2(int a, const char *old, int b, const char *new, unsigned flags) {
    return fails_path(old) ? -1 : REAL(renameat2)(a, old, b, new, flags);
}
int unlink(const char *path) { return fails_path(path) ? -1 : REAL(unlink)(path); }
int mkdir(const char *path, mode_t mode) { return fails_path(path) ? -1 : REAL(mkdir)(path, mode); }

static int open_with(const char *path, int flags, mode_t mode, int (*real)(const char *, int, ...)) {
    if ((flags & (O_CREAT | O_WRONLY | O_RDWR)) && fails_path(path)) return -1;
    return real(path, flags, mode);
}

int open(const char *path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    return open_with(path, flags, mode, REAL(open));
}

int open64(const char *path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    return open_with(path, flags, mode, REAL(open64));
}
