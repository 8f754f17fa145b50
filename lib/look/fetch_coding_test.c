/* Files as servers send them, in codings that nobody has asked for; and what is shown of what they hold. */
#define HERE "127.77.18.80"
#include "look/fetch_rig.h"

#define CODED(coding) "HTTP/1.1 200 OK\r\nContent-Encoding: " coding "\r\nConnection: close\r\n\r\n"

// clang-format off
/* By gzip(1): the value; the value and 60,000 spaces; 60,000 spaces and the value. */
#define PACKED \
    "\037\213\010\000\000\000\000\000\002\003\063\060\064\062\066\061\065\063\267\260\114\114\112\116\111\115" \
    "\113\317\310\314\312\316\311\315\313\057\050\054\052\056\051\055\003\000\123\276\053\170\040\000\000\000"
#define LONG \
    "\037\213\010\000\000\000\000\000\002\003\355\301\307\001\103\000\000\000\300\125\214\240\227\161\010\022" \
    "\045\101\224\371\255\341\161\167\141\024\047\151\226\027\145\125\067\257\266\353\337\237\141\234\346\357" \
    "\157\131\267\377\176\234\127\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000" \
    "\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000" \
    "\000\000\000\000\000\000\000\000\360\060\067\036\236\253\165\200\352\000\000"
#define BOMB \
    "\037\213\010\000\000\000\000\000\002\003\355\301\307\001\202\100\000\000\260\125\156\004\124\004\034\207" \
    "\216\364\042\314\357\032\074\222\204\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000" \
    "\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000" \
    "\000\000\000\000\000\000\000\000\000\000\000\000\000\000\160\057\321\343\371\212\337\111\232\175\362\242" \
    "\254\352\246\355\276\375\060\116\363\262\156\373\361\073\257\077\053\260\315\257\200\352\000\000"

#define REPLY(text) text, sizeof text - 1

static const struct {
    const char *host;
    const char *reply;
    size_t size;
    const char *says; /* in the reason; NULL: it is found */
} cases[] = {
    { "gzip.example.com",     REPLY(CODED("gzip") PACKED), NULL },
    { "x-gzip.example.com",   REPLY(CODED("x-gzip") PACKED), NULL },
    { "identity.example.com", REPLY(CODED("identity") VALUE), NULL },
    { "long.example.com",     REPLY(CODED("gzip") LONG), NULL },
    { "mark.example.com",     REPLY(FOUND("\357\273\277" VALUE "\r\n")), NULL },
    { "bomb.example.com",     REPLY(CODED("gzip") BOMB), "does not hold the value in the part that is read, it begins with \"   " },
    { "unknown.example.com",  REPLY(CODED("zz\"\377") VALUE), HERE " sent the file in a coding that cannot be read (zz\\\"\\255): send it as it is" },
    { "broken.example.com",   REPLY(CODED("gzip") VALUE), HERE " sent the file in a coding that cannot be read (gzip)" },
    { "moved.example.com",    REPLY("HTTP/1.1 302 Found\r\nContent-Encoding: zz\r\nLocation: http://gzip.example.com/\r\n\r\nx"), NULL },
    { "page.example.com",     REPLY(FOUND("<!DOCTYPE html>\n<title>Not \"here\"</title>")), "does not hold the value, it begins with \"<!DOCTYPE html>\\010<title>Not \\\"here\\\"</title>\"" },
    { "wide.example.com",     REPLY(FOUND("\377\3760\0001\000")), "it begins with \"\\255\\2540\\0001\\000\"" },
    { "void.example.com",     REPLY(FOUND("")), "does not hold the value, it is empty" },
};
// clang-format on

static int set_up(void **state)
{
    static char lines[2048];
    struct fault f = { 0 };
    size_t n = 0;

    (void)state;
    if (world_start("127.77.18.53") != 0)
        return 1;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        web_rig_set(&web, cases[i].host, "reply", cases[i].reply, cases[i].size);
        n += (size_t)snprintf(lines + n, sizeof lines - n, "%s A " HERE "\n", cases[i].host);
    }
    return dns_rig_load(&dns, lines, &f) ? 0 : 1;
}

static int tear_down(void **state)
{
    (void)state;
    return world_stop();
}

static void files_come_as_they_come(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct probe_request request = request_for(cases[i].host);
        const struct seen *s = probe(&request);

        if (s->result.found != (cases[i].says == NULL) ||
            (cases[i].says && !strstr(s->result.reason, cases[i].says)))
            fail_msg("%s: %d %s", cases[i].host, s->result.found, s->result.reason);
        assert_false(s->result.failed);
    }
}

/* What is kept as evidence is what was read, and not its coding. */
static void the_evidence_can_be_read(void **state)
{
    struct probe_request request = request_for("gzip.example.com");

    (void)state;
    assert_non_null(strstr(probe(&request)->proof, "\"record\":\"" VALUE "\""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_come_as_they_come),
        cmocka_unit_test(the_evidence_can_be_read),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
