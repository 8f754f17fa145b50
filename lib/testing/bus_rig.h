/* bus_rig - for tests of the bus: a folder with keys and a trust.json, a service whose Jobs handler
 * does what the lane says, and calls that wait for their answer. */
#ifndef TESTING_BUS_RIG_H
#define TESTING_BUS_RIG_H

#include "bus/bus.h"
#include "job.pb-c.h"
#include "testing/patience.h"

enum { RIG_PATH_SIZE = 128 };

/* Who is silent for three of them is gone. Where nobody is to be, a test may stand still for longer than
 * any test waits. */
#define RIG_HEARTBEAT       seconds(PATIENCE_S / 2)
#define RIG_HASTY_HEARTBEAT seconds(2)

struct bus_rig {
    char folder[64];
    char trust[RIG_PATH_SIZE];
};

/* Keys for gateway, issuer, validation and notifier. Jobs.Run of the issuer may be called by
 * gateway and validation. */
void bus_rig_open(struct bus_rig *rig);
void bus_rig_close(struct bus_rig *rig);
/* "FOLDER/NAME". */
void bus_rig_path(const struct bus_rig *rig, const char *name, char out[RIG_PATH_SIZE]);

/* The issuer at `bind` ("tcp://127.0.0.1:*" takes any port) with that many workers. Its lanes:
 *   say   answers at once with the id, the account and the peer of the call
 *   who   answers with the id of its process
 *   fail  answers NO_ORDER with a field
 *   big   answers with as many bytes as the id says
 *   hold  answers when bus_rig_release() is called, from the thread that calls it
 *   block keeps its worker until bus_rig_release(), then answers */
struct bus *bus_rig_serve(const struct bus_rig *rig, const char *bind, int workers);
void bus_rig_release(void);
/* How many calls each lane has begun, in the order above. */
enum rig_lane { RIG_SAY, RIG_WHO, RIG_FAIL, RIG_BIG, RIG_HOLD, RIG_BLOCK, RIG_LANES };
int bus_rig_begun(enum rig_lane lane);
/* Waits until `count` have begun. */
void bus_rig_await_begun(enum rig_lane lane, int count);

/* `service` with the issuer at `endpoint` as its peer. */
struct bus *bus_rig_dial(const struct bus_rig *rig, const char *service, const char *endpoint);
/* The same, who notices one that is silent. */
struct bus *bus_rig_dial_hasty(const struct bus_rig *rig, const char *service,
                               const char *endpoint);
/* Waits until the issuer is there, or is not. */
void bus_rig_await_peer(struct bus *b, bool there);

/* One call and what became of it. */
struct rig_call {
    struct bus_call call;
    bool done;
    bool answered; /* false: call.fault says why */
    int64_t id, account;
    size_t size;
    char peer[32];
    struct tick at; /* when it was done */
};

void rig_call_begin(struct rig_call *c, struct bus *b, const char *lane, int64_t id,
                    struct duration wait);
/* The closure of such a call, for those that a test makes itself; `data` is a struct rig_call. */
void rig_on_answer(const JobOutcome *out, void *data);
void rig_call_await(struct rig_call *c);
/* The first of them that is done. */
struct rig_call *rig_call_await_any(struct rig_call *calls, int count);
/* Begins it, with patience, and awaits it. */
void rig_call(struct rig_call *c, struct bus *b, const char *lane, int64_t id);

#endif
