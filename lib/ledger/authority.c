#include "ledger/authority.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "common.pb-c.h"
#include "ledger/authority.sql.h"
#include "pki/pem.h"

enum { CHAIN_MAX = 6 };

/* Authorities are few and never change; a newly read list joins those that are known. What is in the
 * list is complete and stays, so that who looks needs no lock. */
struct kept {
    Authority *authority;
    char *pem;
    const struct kept *next;
};

static _Atomic(const struct kept *) all;

static pthread_mutex_t reloading = PTHREAD_MUTEX_INITIALIZER; /* of everything below */
static struct arena memory;
static struct tick again; /* not asked before */
static atomic_uint asked; /* so many times, to the end */

static const struct kept *find(const char *text, bool by_label)
{
    for (const struct kept *k = atomic_load(&all); k; k = k->next)
        if (strcmp(by_label ? k->authority->key_label : k->authority->id, text) == 0)
            return k;
    return NULL;
}

static void add(const Authority *from)
{
    struct text pem;
    struct kept *k = arena_new(&memory, struct kept);
    size_t size = protobuf_c_message_get_packed_size(&from->base);
    uint8_t *wire = arena_alloc(&memory, size);
    protobuf_c_message_pack(&from->base, wire);
    k->authority = authority__unpack(&memory.pb, size, wire);
    text_init(&pem, &memory);
    pem_write(&pem, "CERTIFICATE", (struct bytes){ from->der.data, from->der.len }, "\r\n");
    k->pem = pem.data;
    k->next = atomic_load(&all);
    atomic_store(&all, k);
}

static void load(void)
{
    struct arena a;
    struct rows rows = { 0 };
    struct fault f = { 0 };
    Nothing none = NOTHING__INIT;
    if (!memory.pb.alloc)
        arena_init(&memory);
    arena_init(&a);
    if (!store_all(store_mine(), &a, &sql_authority_all, &none.base, &rows, &f))
        log_warn("authorities could not be read", LOG_FAULT(&f));
    for (size_t i = 0; i < rows.count; i++)
        if (!find(((Authority *)rows.items[i])->id, false))
            add((Authority *)rows.items[i]);
    arena_free(&a);
}

/* One caller asks; those who came meanwhile wait for his answer and ask no more, so that a database
 * that hangs costs each of them its patience once. */
static void reload(void)
{
    unsigned before = atomic_load(&asked);
    pthread_mutex_lock(&reloading);
    if (atomic_load(&asked) == before && tick_left(again).us == 0) {
        load();
        again = tick_after(seconds(1));
        atomic_fetch_add(&asked, 1);
    }
    pthread_mutex_unlock(&reloading);
}

/* Who has no connection waits for nobody: the bus thread, on which answers are made. */
static const struct kept *find_or_reload(const char *text, bool by_label)
{
    const struct kept *k = find(text, by_label);
    if (k || !store_mine())
        return k;
    reload();
    return find(text, by_label);
}

const Authority *authority_find(const char *id)
{
    const struct kept *k = find_or_reload(id, false);
    return k ? k->authority : NULL;
}

const Authority *authority_find_label(const char *key_label)
{
    const struct kept *k = find_or_reload(key_label, true);
    return k ? k->authority : NULL;
}

static ChainLink *link_new(struct arena *a, const char *common_name, const char *pem)
{
    ChainLink *link = arena_new(a, ChainLink);
    chain_link__init(link);
    link->subject_common_name = arena_strdup(a, common_name);
    link->pem = arena_strdup(a, pem);
    return link;
}

bool authority_chain(struct arena *a, const char *common_name, struct bytes leaf, const char *ca_id,
                     ChainLink ***links, size_t *count, struct fault *f)
{
    struct text pem;
    text_init(&pem, a);
    pem_write(&pem, "CERTIFICATE", leaf, "\r\n");
    *links = arena_array(a, ChainLink *, CHAIN_MAX);
    (*links)[0] = link_new(a, common_name, pem.data);
    *count = 1;
    for (const char *id = ca_id; id && *count < CHAIN_MAX;) {
        const struct kept *k = find_or_reload(id, false);
        if (!k)
            return fault_set(f, FAULT_INTERNAL, "ca_id", "authority %s is unknown", id);
        (*links)[(*count)++] = link_new(a, k->authority->name, k->pem);
        id = k->authority->parent_id;
    }
    return true;
}
