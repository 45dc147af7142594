/* Makes fdatasync of files whose path holds HANG_ON wait for as long as the file HANG_WHILE is there, as a disk that is
   gone does, and fail for as long as the file FAIL_WHILE is, as one that has broken does. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int fdatasync(int fd) {
    int (*real)(int) = dlsym(RTLD_NEXT, "fdatasync");
    const char *on = getenv("HANG_ON"), *hung = getenv("HANG_WHILE"), *broken = getenv("FAIL_WHILE");
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t len = readlink(link, path, sizeof path - 1);
    path[len < 0 ? 0 : len] = 0;
    while (on && hung && strstr(path, on) && !access(hung, F_OK))
        usleep(1000);
    if (on && broken && strstr(path, on) && !access(broken, F_OK)) {
        errno = EIO;
        return -1;
    }
    return real(fd);
}
