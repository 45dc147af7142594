/* Makes files grow by QUOTA_BYTES in all and no further: then a write fails with QUOTA_ERRNO, as on a full disk or under
   a quota. Never refuses a write within what a file has. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static atomic_long used;

static int exceeds(int fd, off_t end) {
    struct stat about;
    const char *quota = getenv("QUOTA_BYTES");
    if (!quota || fstat(fd, &about) || !S_ISREG(about.st_mode) || end <= about.st_size)
        return 0;
    long more = end - about.st_size;
    if (atomic_fetch_add(&used, more) + more <= atol(quota))
        return 0;
    atomic_fetch_sub(&used, more);
    const char *name = getenv("QUOTA_ERRNO");
    errno = !name || !strcmp(name, "EDQUOT") ? EDQUOT : !strcmp(name, "ENOSPC") ? ENOSPC : EIO;
    return 1;
}

ssize_t write(int fd, const void *bytes, size_t count) {
    ssize_t (*real)(int, const void *, size_t) = dlsym(RTLD_NEXT, "write");
    return exceeds(fd, lseek(fd, 0, SEEK_CUR) + (off_t)count) ? -1 : real(fd, bytes, count);
}

ssize_t pwrite64(int fd, const void *bytes, size_t count, off_t at) {
    ssize_t (*real)(int, const void *, size_t, off_t) = dlsym(RTLD_NEXT, "pwrite64");
    return exceeds(fd, at + (off_t)count) ? -1 : real(fd, bytes, count, at);
}

ssize_t pwrite(int fd, const void *bytes, size_t count, off_t at) {
    return pwrite64(fd, bytes, count, at);
}
