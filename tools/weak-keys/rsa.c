#include "rsa.h"

#include <openssl/bn.h>
#include <stdlib.h>
#include <string.h>

#include "fermat.h"

/* One key in the making. */
struct lane {
    bool busy;
    unsigned pid, primes; /* how many it has */
    struct weak_random random;
    uint64_t prime[2][LIMBS_MAX], candidate[LIMBS_MAX];
};

/* BN_prime_checks_for_size(): rounds of Miller and Rabin's test for 2^-80. */
static unsigned rounds(unsigned bits)
{
    return bits >= 1300 ? 2 : 3;
}

/* A test draws its witness before it knows: the draw is made, and the answer had more cheaply. */
static void lane_draw(struct lane *l, unsigned bits)
{
    candidate_draw(&l->random, bits, l->candidate);
    candidate_skip_witness(&l->random, bits, l->candidate);
}

static void lane_start(struct lane *l, const struct rsa_work *work)
{
    l->busy = work->next(work->data, &l->pid);
    l->primes = 0;
    if (!l->busy) {
        l->candidate[0] |= 1; /* what never worked is tested, too */
        return;
    }
    weak_random_start(&l->random, work->machine, work->file, l->pid);
    lane_draw(l, work->bits / 2);
}

/* The greater prime is p, which the product does not show. */
static void lane_finish(const struct lane *l, const struct rsa_work *work)
{
    int half = (int)work->bits / 16;
    BN_CTX *ctx = BN_CTX_new();
    BIGNUM *p = BN_lebin2bn((const unsigned char *)l->prime[0], half, NULL);
    BIGNUM *q = BN_lebin2bn((const unsigned char *)l->prime[1], half, NULL);
    BIGNUM *n = BN_new();
    uint8_t modulus[LIMBS_MAX * 16];

    if (!ctx || !p || !q || !n || !BN_mul(n, p, q, ctx) ||
        BN_bn2binpad(n, modulus, 2 * half) != 2 * half)
        abort();
    work->found(work->data, l->pid, modulus, (size_t)half * 2);
    BN_free(p), BN_free(q), BN_free(n), BN_CTX_free(ctx);
}

static void lane_prime(struct lane *l, const struct rsa_work *work)
{
    unsigned bits = work->bits / 2;

    for (unsigned i = 1; i < rounds(bits); i++)
        candidate_skip_witness(&l->random, bits, l->candidate);
    if (candidate_bad_for_f4(bits, l->candidate))
        return;
    memcpy(l->prime[l->primes++], l->candidate, sizeof l->candidate);
}

static void lane_step(struct lane *l, const struct rsa_work *work, bool prime)
{
    if (prime)
        lane_prime(l, work);
    if (l->primes < 2) {
        lane_draw(l, work->bits / 2);
        return;
    }
    lane_finish(l, work);
    lane_start(l, work);
}

void rsa_run(const struct rsa_work *work)
{
    static struct lane lanes[LANES];
    const uint64_t *numbers[LANES];
    bool passes[LANES];
    int busy = 0;

    for (int i = 0; i < LANES; i++) {
        lane_start(&lanes[i], work);
        busy += lanes[i].busy;
    }
    /* A lane that has ended repeats its last number: all eight cost the same as one. */
    while (busy > 0) {
        for (int i = 0; i < LANES; i++)
            numbers[i] = lanes[i].candidate;
        fermat_test(numbers, work->bits / 2, passes);
        busy = 0;
        for (int i = 0; i < LANES; i++) {
            if (lanes[i].busy)
                lane_step(&lanes[i], work, passes[i]);
            busy += lanes[i].busy;
        }
    }
}
