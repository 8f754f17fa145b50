/* transfers - the loop in which HTTP requests go out to strangers: one thread, one multi handle of libcurl,
 * hundreds of transfers, each under guard (net/guard.h). Its users are the notifier's sender and
 * validation's fetcher; what they ask, of whom, and how they read it is theirs, in four callbacks.
 *
 * The life of a transfer, and the thread of each step:
 *
 *     transfers_post()       any         it comes to the loop
 *       arrived()            the loop    its owner looks at it, and puts it among those that wait
 *         transfers_put()    the loop    it waits for its turn, by account and by place (base/turns.h)
 *           begin()          the loop    its owner tells curl what to ask
 *           judge()          the loop    its owner reads how it ended, while curl still knows
 *       over()               the loop    it is its owner's again, to be freed, put or posted
 *
 * Threads. Callbacks run one at a time and without a lock; they must not block. transfers_put() and
 * transfer_*() may be called from inside of them only, transfers_cut() and transfers_post() from anywhere.
 * transfers_stop() is called once, by another thread than the loop's. The lock is over the inbox and over
 * what transfers_cut() and transfers_stop() have asked for; nothing is called under it.
 *
 * Ownership. The loop has a transfer from transfers_post() until arrived(), and from a transfers_put() that
 * took it until over(); in between it stays where it is. Each of the two spans ends with exactly one call
 * (when the loop stops, the first ends with over()). The easy handle is made before begin() and freed
 * before over().
 *
 * The end. After transfers_cut() nothing begins. What waits, or arrives, is over as UNBEGUN at once; what is
 * under way has the grace to end by itself, and is then over as CUT. transfers_stop() cuts without grace
 * unless there was a cut before, and returns after the last callback. It does not know of transfers that
 * their owner has: he posts those that are out before he calls it (the fetcher's resolver stops first).
 */
#ifndef NET_TRANSFERS_H
#define NET_TRANSFERS_H

#include <sys/queue.h>

#include "base/heap.h"
#include "base/turns.h"
#include "net/guard.h"

/* It may wait for its turn as long as it takes. */
#define TRANSFER_PATIENT ((struct tick){ INT64_MAX })

struct transfer {
    /* For begin() and judge(). */
    CURL *easy;
    struct guard_watch watch;
    char error[CURL_ERROR_SIZE]; /* curl's words; "": none */

    /* The loop's own. */
    TAILQ_ENTRY(transfer) link; /* in the inbox, or among those under way */
    struct turns_item turn;
    struct heap_item due; /* while it waits, or is watched */
    struct curl_slist *connect_to;
};

enum transfer_end {
    TRANSFER_ENDED,   /* judge() has seen it */
    TRANSFER_LATE,    /* its turn did not come in time */
    TRANSFER_UNBEGUN, /* the loop stops: it was not begun */
    TRANSFER_CUT, /* the loop stops: it was under way. Neither LATE, UNBEGUN nor CUT is judged */
};

struct transfer_calls {
    void (*arrived)(struct transfer *t);
    void (*begin)(struct transfer *t);
    void (*judge)(struct transfer *t, CURLcode code);
    void (*over)(struct transfer *t,
                 enum transfer_end how); /* after UNBEGUN and CUT: not put again */
    void (*slow)(struct transfer *t);    /* NULL: nothing is watched */
};

struct transfers_options {
    const char *name;          /* of the thread, at most 15 characters */
    const struct guard *guard; /* over each connection; lives as long as the loop */
    struct turns_options turns;
    const struct transfer_calls *calls;
};

struct transfers;

/* NULL with FAULT_INTERNAL: libcurl does not start, or there is no thread. */
struct transfers *transfers_start(const struct transfers_options *options, struct fault *f);
/* The first call counts, others do nothing. Never waits. */
void transfers_cut(struct transfers *ts, struct duration grace);
/* NULL allowed. */
void transfers_stop(struct transfers *ts);

/* Never waits. Once transfers_stop() was called, from callbacks only. */
void transfers_post(struct transfers *ts, struct transfer *t);

/* It waits for its turn until `by`, and is over as LATE then. If `by` has passed when it is put from
 * arrived(), it is begun all the same unless it has to wait. Keys are copied. Anything but TURNS_TAKEN:
 * there are too many (`turns` of the options), and it is not the loop's. */
enum turns_taken transfers_put(struct transfers *ts, struct transfer *t, int64_t account_id,
                               const char *place, struct tick by);

/* In begin(): slow() is told once if it is under way still at that time, and it goes on. */
void transfers_watch(struct transfers *ts, struct transfer *t, struct tick by);

/* In begin(): where the connection goes, in the words of CURLOPT_CONNECT_TO. */
void transfer_connect_to(struct transfer *t, const char *where);

/* In a callback for headers: the status of the answer if this line ends its headers, else 0. An
 * interim answer (1xx) is not the answer yet. */
int transfer_answered(struct transfer *t, const char *line, size_t size);

/* In judge(): no address of the host was one that the guard lets pass. `watch.refused` says why. */
bool transfer_refused(const struct transfer *t);

#endif
