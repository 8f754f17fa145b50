#include "ledger/authority.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "common.pb-c.h"
#include "ledger/authority.sql.h"
#include "pki/pem.h"

enum { CHAIN_MAX = 6 };

/* Authorities are few and never change; a newly read list joins those that are known. */
struct kept {
    Authority *authority;
    char *pem;
    struct kept *next;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct kept *all;
static struct arena memory;
static struct tick asked;

static struct kept *find(const char *text, bool by_label)
{
    for (struct kept *k = all; k; k = k->next)
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
    k->next = all;
    all = k;
}

/* With the lock held, so that one caller asks and the others wait for its answer. */
static void reload(void)
{
    struct arena a;
    struct rows rows = { 0 };
    struct fault f = { 0 };
    Nothing none = NOTHING__INIT;
    if (tick_left(asked).us > 0)
        return;
    asked = tick_after(seconds(1));
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

static const struct kept *find_or_reload(const char *text, bool by_label)
{
    pthread_mutex_lock(&lock);
    const struct kept *k = find(text, by_label);
    if (!k && store_mine()) {
        reload();
        k = find(text, by_label);
    }
    pthread_mutex_unlock(&lock);
    return k;
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
