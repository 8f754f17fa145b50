#include "bus/peer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "bus/frame.h"

enum {
    WAITING_MAX = 4096,   /* calls to one service that wait for a link */
    REPLIES_A_TURN = 256, /* of one link, before the others have theirs */
    PAUSE_MS = 250        /* a peer that takes no calls is left alone for so long */
};

/* The answer of resolver threads: what a peer's addresses are now. */
struct found_mail {
    struct mail mail;
    struct peers *peers;
    int peer;
    struct address_list list;
};

bool peers_init(struct peers *ps, const struct bus_peer *list, struct fault *f)
{
    pending_init(&ps->calls);
    for (; ps->count < BUS_SERVICES_MAX && list[ps->count].service; ps->count++) {
        const struct bus_peer *from = &list[ps->count];
        struct peer *to = &ps->peer[ps->count];

        if (strlen(from->service) >= sizeof to->service || !from->endpoint)
            return fault_set(f, FAULT_INVALID, "peers", "%.40s: no name, or no endpoint",
                             from->service);
        memcpy(to->service, from->service, strlen(from->service) + 1);
    }
    return true;
}

struct peer *peers_find(struct peers *ps, const char *service)
{
    for (int i = 0; i < ps->count; i++) {
        if (strcmp(ps->peer[i].service, service) == 0)
            return &ps->peer[i];
    }
    return NULL;
}

/* ---- calls */

/* The call is the caller's again. `answer` is NULL when the fault says why. */
static void give_back(struct pending *p, const ProtobufCMessage *answer)
{
    p->closure(answer, p->call);
    free(p);
}

static void finish(struct peers *ps, struct pending *p, const ProtobufCMessage *answer)
{
    pending_remove(&ps->calls, p);
    give_back(p, answer);
}

/* Of a call that is not among `calls` yet. */
static void refuse(struct pending *p, enum fault_code code, const char *why)
{
    const struct peer *peer = p->client->peer;

    fault_set(&p->call->fault, code, NULL, "%s: %s", peer ? peer->service : "bus", why);
    give_back(p, NULL);
}

static void fail(struct peers *ps, struct pending *p, enum fault_code code, const char *why)
{
    pending_remove(&ps->calls, p);
    refuse(p, code, why);
}

static void fail_list(struct peers *ps, struct pending_list *list, const char *why)
{
    while (list->first)
        fail(ps, list->first, FAULT_UNAVAILABLE, why);
}

/* A new call: it waits until the end of the turn, or until a link has room for it. */
void peers_call(struct mail *mail)
{
    struct pending *p = (struct pending *)mail;
    struct peers *ps = p->client->peers;
    struct peer *peer = p->client->peer;

    if (ps->closed)
        refuse(p, FAULT_UNAVAILABLE, "the bus is closed");
    else if (!peer)
        refuse(p, FAULT_UNAVAILABLE, "no such peer was configured");
    else if (p->size > BUS_BODY_MAX)
        refuse(p, FAULT_BODY_TOO_LARGE, "the request does not fit into a message");
    else if (peer->waiting.count >= WAITING_MAX || !pending_add(&ps->calls, p))
        refuse(p, FAULT_UNAVAILABLE, "too many calls are waiting");
    else
        pending_list_add(&peer->waiting, p);
}

static bool takes_calls(const struct link *l)
{
    return l->state == LINK_LIVE && l->wanted && tick_left(l->pause).us == 0;
}

static bool has_room(const struct link *l, const struct peer *peer)
{
    return l->peer == peer && l->calls.count < BUS_CREDIT && takes_calls(l);
}

/* The link with the fewest outstanding calls; among equals, each in its turn. */
static struct link *choose(struct peers *ps, const struct peer *peer)
{
    struct link *best = NULL;

    ps->turn++;
    for (unsigned i = 0; i < BUS_PEERS_MAX; i++) {
        struct link *l = &ps->links[(ps->turn + i) % BUS_PEERS_MAX];

        if (has_room(l, peer) && (!best || l->calls.count < best->calls.count))
            best = l;
    }
    return best;
}

static bool is_untried(const struct link *l)
{
    return l->wanted && l->state != LINK_LIVE && l->failures == 0;
}

/* Is there anything to wait for: a link that takes calls, or one not yet tried to the end? */
static bool has_hope(const struct peers *ps, const struct peer *peer)
{
    bool hope = !peer->resolved;

    for (int i = 0; i < BUS_PEERS_MAX && !hope; i++) {
        const struct link *l = &ps->links[i];
        hope = l->peer == peer && (takes_calls(l) || is_untried(l));
    }
    return hope;
}

static void send_waiting(struct peers *ps, struct peer *peer)
{
    struct link *l;

    while (peer->waiting.first && (l = choose(ps, peer))) {
        struct pending *p = pending_list_take(&peer->waiting);

        pending_list_add(&l->calls, p);
        if (!link_send(l, p))
            fail(ps, p, FAULT_UNAVAILABLE, "the peer takes nothing");
    }
    if (peer->waiting.first && !has_hope(ps, peer))
        fail_list(ps, &peer->waiting, "no peer takes calls");
}

static void fail_late(struct peers *ps)
{
    struct pending *p;

    while ((p = pending_first(&ps->calls)) && tick_left(p->call->deadline).us == 0)
        fail(ps, p, FAULT_TIMEOUT, "no answer within the deadline");
}

/* ---- replies */

/* No handler saw the call, so it is no repetition to ask another peer. Without this a peer that
 * says no would be the one with the fewest outstanding calls, and draw all of them. */
static void ask_another(struct link *l, struct pending *p)
{
    l->pause = tick_after(milliseconds(PAUSE_MS));
    pending_list_remove(p);
    pending_list_add(&l->peer->waiting, p);
}

/* Late, unknown, or from a peer that was not asked: dropped. */
static void take_reply(struct peers *ps, struct link *l, struct arena *a, struct bytes frame)
{
    SOCKET_READS_BEGIN();
    const Reply *reply = frame_open_reply(a, frame);
    SOCKET_READS_END();
    struct pending *p = reply ? pending_find(&ps->calls, reply->id) : NULL;

    if (!p || p->list != &l->calls)
        return;
    if (reply->not_begun)
        ask_another(l, p);
    else
        finish(ps, p, frame_read_answer(a, reply, p->method->output, &p->call->fault));
}

static void read_replies(struct peers *ps, struct link *l)
{
    enum socket_got got = SOCKET_MESSAGE;
    struct arena a;
    zmq_msg_t frame;

    for (int i = 0; i < REPLIES_A_TURN && got != SOCKET_NOTHING; i++) {
        got = socket_receive(l->socket, &frame, 1);
        if (got != SOCKET_MESSAGE)
            continue;
        arena_init(&a);
        take_reply(ps, l, &a, (struct bytes){ zmq_msg_data(&frame), zmq_msg_size(&frame) });
        arena_free(&a);
        zmq_msg_close(&frame);
    }
}

/* ---- links */

static void link_is_up(struct link *l)
{
    atomic_fetch_add(&l->peer->live, 1);
    log_info("peer is there", LOG_TEXT("peer", l->peer->service), LOG_TEXT("address", l->address));
}

static void link_is_down(struct peers *ps, struct link *l)
{
    atomic_fetch_sub(&l->peer->live, 1);
    log_warn("peer is gone", LOG_TEXT("peer", l->peer->service), LOG_TEXT("address", l->address),
             LOG_INT("outstanding", l->calls.count));
    fail_list(ps, &l->calls, "the peer was lost");
}

/* What the peer answered before its connection ended still counts. */
static void take_down(struct peers *ps, struct link *l)
{
    bool was_live = l->state == LINK_LIVE;

    if (was_live)
        read_replies(ps, l);
    link_end(l);
    if (was_live)
        link_is_down(ps, l);
}

static void read_news(struct peers *ps, struct link *l)
{
    enum link_news news = LINK_UP;

    while (l->socket && news != LINK_NO_NEWS) {
        news = link_read_news(l);
        if (news == LINK_UP)
            link_is_up(l);
        if (news == LINK_DOWN)
            take_down(ps, l);
    }
}

/* A link whose address is gone finishes what it began. */
static void retire(struct peers *ps, struct link *l)
{
    if (l->calls.count > 0)
        return;
    if (l->state == LINK_LIVE)
        link_is_down(ps, l);
    link_close(l);
    *l = (struct link){ .item = -1 };
}

static void link_turn(struct peers *ps, struct link *l, const zmq_pollitem_t *items)
{
    if (l->item >= 0 && items[l->item + 1].revents)
        read_replies(ps, l);
    if (l->item >= 0 && items[l->item].revents)
        read_news(ps, l);
    if (!l->wanted)
        retire(ps, l);
    else if (l->state == LINK_RESTING && tick_left(l->redial).us == 0)
        link_dial(l, &ps->how, l->peer->service);
}

static struct link *link_find(struct peers *ps, const struct peer *peer, const char *address)
{
    for (int i = 0; i < BUS_PEERS_MAX; i++) {
        struct link *l = &ps->links[i];

        if (l->peer == peer && (!peer || strcmp(l->address, address) == 0))
            return l;
    }
    return NULL;
}

static void link_want(struct peers *ps, struct peer *peer, const char *address)
{
    struct link *l = link_find(ps, peer, address);

    if (!l && (l = link_find(ps, NULL, NULL))) {
        *l = (struct link){ .peer = peer, .redial = tick_now(), .item = -1 };
        memcpy(l->address, address, strlen(address) + 1);
    }
    if (l)
        l->wanted = true;
    else
        log_error("more peers than the bus has room for", LOG_TEXT("address", address));
}

static void open_found(struct mail *mail)
{
    struct found_mail *found = (struct found_mail *)mail;
    struct peers *ps = found->peers;
    struct peer *peer = &ps->peer[found->peer];

    for (int i = 0; i < BUS_PEERS_MAX; i++) {
        if (ps->links[i].peer == peer)
            ps->links[i].wanted = false;
    }
    for (int i = 0; i < found->list.count && !ps->closed; i++)
        link_want(ps, peer, found->list.at[i]);
    peer->resolved = true;
    free(found);
}

void peers_found(void *peers, int peer, const struct address_list *addresses)
{
    struct peers *ps = peers;
    struct found_mail *found = mail_new(sizeof *found);

    *found = (struct found_mail){
        .mail.open = open_found, .peers = ps, .peer = peer, .list = *addresses
    };
    if (!mailbox_post(ps->mailbox, &found->mail))
        free(found);
}

/* ---- the bus thread */

int peers_items(struct peers *ps, zmq_pollitem_t *items, int count)
{
    for (int i = 0; i < BUS_PEERS_MAX; i++) {
        struct link *l = &ps->links[i];

        l->item = -1;
        if (!l->socket)
            continue;
        l->item = count;
        items[count++] = (zmq_pollitem_t){ .socket = l->monitor, .events = ZMQ_POLLIN };
        items[count++] = (zmq_pollitem_t){ .socket = l->socket, .events = ZMQ_POLLIN };
    }
    return count;
}

void peers_turn(struct peers *ps, const zmq_pollitem_t *items)
{
    for (int i = 0; i < BUS_PEERS_MAX; i++) {
        if (ps->links[i].peer)
            link_turn(ps, &ps->links[i], items);
    }
    fail_late(ps);
    for (int i = 0; i < ps->count; i++)
        send_waiting(ps, &ps->peer[i]);
}

static struct tick earlier(struct tick a, struct tick b)
{
    return a.us < b.us ? a : b;
}

struct tick peers_due(const struct peers *ps)
{
    struct tick due = { INT64_MAX };
    const struct pending *p = pending_first(&ps->calls);

    if (p)
        due = p->call->deadline;
    for (int i = 0; i < BUS_PEERS_MAX; i++) {
        const struct link *l = &ps->links[i];

        if (l->peer && l->wanted && l->state == LINK_RESTING)
            due = earlier(due, l->redial);
    }
    return due;
}

void peers_close(struct peers *ps)
{
    struct pending *p;

    ps->closed = true;
    while ((p = pending_first(&ps->calls)))
        fail(ps, p, FAULT_UNAVAILABLE, "the bus is closed");
    pending_free(&ps->calls);
    for (int i = 0; i < BUS_PEERS_MAX; i++)
        link_close(&ps->links[i]);
}
