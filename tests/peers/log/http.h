/* http - HTTPS as a log speaks it: requests, each on a thread of its own, and answers in JSON. */
#ifndef PEERS_LOG_HTTP_H
#define PEERS_LOG_HTTP_H

#include <microhttpd.h>
#include <netinet/in.h>

#include "base/text.h"

struct request {
    struct arena arena;
    struct text body;
    const char *path, *method;
    struct MHD_Connection *connection;
};

/* Who serves what begins so; `rest` is what follows. The last one takes all: method and prefix are "". */
struct place {
    const char *method, *prefix;
    enum MHD_Result (*serve)(struct request *r, const char *rest);
};

enum MHD_Result answer(struct request *r, unsigned status, const char *body);
/* With a header. */
enum MHD_Result answer_with(struct request *r, unsigned status, const char *body, const char *name,
                            const char *value);
/* Blanks without an end. */
enum MHD_Result answer_endless(struct request *r);

/* Once. Certificate and key in PEM; NULL: the address cannot be listened on. */
struct MHD_Daemon *http_serve(const struct place *places, const struct sockaddr_in *at,
                              const char *cert, const char *key);

#endif
