/* empty - an HTTP server that does nothing, set up as the gateway's door is: what a request costs
 * before anything is asked. Prints its port, serves until its input ends.
 */
#include <microhttpd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static enum MHD_Result answer(void *context, struct MHD_Connection *c, const char *url,
                              const char *method, const char *version, const char *data,
                              size_t *size, void **own)
{
    static char body[] = "{\"status\":\"ok\"}";
    (void)context, (void)url, (void)method, (void)version, (void)data;
    if (!*own) {
        *own = c;
        return MHD_YES;
    }
    *size = 0;
    struct MHD_Response *out =
        MHD_create_response_from_buffer(strlen(body), body, MHD_RESPMEM_PERSISTENT);
    enum MHD_Result result = MHD_queue_response(c, MHD_HTTP_OK, out);
    MHD_destroy_response(out);
    return result;
}

int main(void)
{
    char rest;
    struct MHD_Daemon *daemon = MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD, 0, NULL, NULL,
                                                 answer, NULL, MHD_OPTION_END);
    if (!daemon)
        return 1;
    printf("%d\n", MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT)->port);
    fflush(stdout);
    while (read(STDIN_FILENO, &rest, 1) > 0)
        continue;
    MHD_stop_daemon(daemon);
    return 0;
}
