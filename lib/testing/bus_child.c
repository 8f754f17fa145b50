#include "testing/bus_child.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void *stop(void *b)
{
    bus_free(b);
    return NULL;
}

static void serve(const char *folder, const char *bind)
{
    struct bus_rig rig;
    pthread_t stopper = 0;
    char order;

    snprintf(rig.folder, sizeof rig.folder, "%s", folder);
    bus_rig_path(&rig, "trust.json", rig.trust);
    struct bus *b = bus_rig_serve(&rig, bind, 2);
    printf("%s\n", bus_endpoint(b));
    fflush(stdout);
    while (read(STDIN_FILENO, &order, 1) == 1) {
        if (order == 's')
            pthread_create(&stopper, NULL, stop, b);
        else
            bus_rig_release();
    }
    if (stopper)
        pthread_join(stopper, NULL);
}

void bus_child_main(int argc, char **argv)
{
    if (argc != 4 || strcmp(argv[1], "serve") != 0)
        return;
    serve(argv[2], argv[3]);
    exit(0);
}

static void become_child(const struct bus_rig *rig, const char *bind, int in, int out)
{
    dup2(in, STDIN_FILENO);
    dup2(out, STDOUT_FILENO);
    closefrom(3);
    execl("/proc/self/exe", "child", "serve", rig->folder, bind, (char *)NULL);
    _exit(127);
}

static void read_endpoint(int fd, char *out, int size)
{
    FILE *from = fdopen(fd, "r");

    if (!from || !fgets(out, size, from))
        abort();
    out[strcspn(out, "\n")] = '\0';
    fclose(from);
}

struct bus_child bus_child_start(const struct bus_rig *rig, const char *bind)
{
    struct bus_child c = { 0 };
    int in[2], out[2];

    if (pipe(in) != 0 || pipe(out) != 0 || (c.pid = fork()) < 0)
        abort();
    if (c.pid == 0)
        become_child(rig, bind, in[0], out[1]);
    close(in[0]);
    close(out[1]);
    c.orders = in[1];
    read_endpoint(out[0], c.endpoint, sizeof c.endpoint);
    return c;
}

void bus_child_order(const struct bus_child *c, char order)
{
    if (write(c->orders, &order, 1) != 1)
        abort();
}

void bus_child_kill(struct bus_child *c)
{
    if (c->pid == 0)
        return;
    kill(c->pid, SIGKILL);
    bus_child_wait(c);
}

int bus_child_wait(struct bus_child *c)
{
    int status = -1;

    close(c->orders);
    waitpid(c->pid, &status, 0);
    c->pid = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}
