/* ct_rig - real logs for the tests of this service (tests/peers/ct_log.c), and a precertificate to show to them. Included by
 * tests only. */
#ifndef VALIDATION_CT_RIG_H
#define VALIDATION_CT_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ct_search.h"
#include "pki/certificate.h"
#include "pki/precertificate.h"
#include "pki/precertificate_rig.h"
#include "testing/ct_peer.h"
#include "testing/patience.h"

enum { OAK, FIG, ELM, PEERS };

static const char *const peer_names[PEERS] = { "oak", "fig", "elm" };
static struct ct_peers shared;
static struct ct_peer peers[PEERS];
static struct ct_log logs[PEERS]; /* each of an operator of its own */
static struct bytes poisoned, root;

static inline struct bytes der_of(X509 *x)
{
    unsigned char *der = NULL;
    int size = i2d_X509(x, &der);
    struct bytes out = { arena_copy(&arena, der, (size_t)size), (size_t)size };

    OPENSSL_free(der);
    return out;
}

static inline struct ct_log log_of(int i)
{
    static const char *const operators[PEERS] = { "Alpha", "Beta", "Gamma" };

    return (struct ct_log){ .operator_name = operators[i],
                            .description = peer_names[i],
                            .url = peers[i].url,
                            .id = { peers[i].id, SHA256_SIZE },
                            .key = peers[i].key,
                            .usable_from = { 0 },
                            .usable_till = { INT64_MAX },
                            .retired_at = { INT64_MAX },
                            .expiry_from = { 0 },
                            .expiry_till = { INT64_MAX } };
}

/* As each log of this address is at first. */
static inline void logs_behave(const char *manner)
{
    for (int i = 0; i < PEERS; i++)
        assert_true(ct_peer_behave(&peers[i], manner));
}

static inline int logs_start(const char *address)
{
    struct fault f = { 0 };
    AUTO(X509) cert = NULL;

    if (start(NULL) != 0)
        return -1;
    root = der_of(issuer);
    cert = certificate_around(tbs_make(true));
    poisoned = der_of(cert);
    if (!ct_peers_open(&shared, address, root, &f))
        print_error("%s\n", f.detail);
    for (int i = 0; i < PEERS && f.code == FAULT_NONE; i++)
        if (!ct_peer_start(&peers[i], &shared, &arena, peer_names[i], &f))
            print_error("%s\n", f.detail);
        else
            logs[i] = log_of(i);
    return f.code == FAULT_NONE ? 0 : -1;
}

static inline int logs_stop(void)
{
    for (int i = 0; i < PEERS; i++)
        ct_peer_stop(&peers[i]);
    ct_peers_close(&shared);
    return stop(NULL);
}

#endif
