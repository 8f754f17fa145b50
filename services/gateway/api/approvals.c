#include "api/approvals.h"

#include <string.h>

#include "base/plain_line.h"
#include "gateway.h"
#include "html.h"
#include "http.h"
#include "pki/digest.h"

/* As the notifier makes them. What looks otherwise was mailed by nobody. */
enum { TOKEN_LENGTH = 40, BODY_MAX = 4096, ACCOUNT_MAX = 100 };
#define ANSWER_MARGIN milliseconds(200)

/* ---- HTML */

static const char style[] =
    "body{font:16px/1.5 sans-serif;max-width:40em;margin:3em auto;padding:0 1em;color:#222}"
    "li{font-family:monospace}button{font-size:1em;padding:.6em 1.4em}";

static void page_begin(struct text *t, struct arena *a, const char *title)
{
    text_init(t, a);
    text_format(t,
                "<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\">\n"
                "<meta name=\"viewport\" content=\"width=device-width\">\n<title>%s</title>\n"
                "<style>%s</style></head>\n<body>\n<h1>%s</h1>\n",
                title, style, title);
}

static void page_end(struct text *t, struct http_answer *out)
{
    text_add(t, "</body>\n</html>\n");
    out->type = "text/html; charset=utf-8";
    out->body = (struct bytes){ (const uint8_t *)t->data, t->length };
}

/* ---- the pages */

static const struct page {
    int status;
    const char *title, *words;
} pages[] = {
    [APPROVAL_PAGE__STATE__OPEN] = { 200, "Approve a certificate", NULL },
    [APPROVAL_PAGE__STATE__APPROVED] = { 200, "Thank you",
                                         "Your approval was recorded. You may close this page." },
    [APPROVAL_PAGE__STATE__USED] = { 410, "Already used",
                                     "This link was used before. It works only once." },
    [APPROVAL_PAGE__STATE__EXPIRED] = { 410, "Expired",
                                        "This link is too old. Whoever placed the order can have "
                                        "another mail sent." },
    [APPROVAL_PAGE__STATE__GONE] = { 410, "No longer needed",
                                     "Nobody waits for this approval any more." },
    [APPROVAL_PAGE__STATE__UNKNOWN] = { 404, "Not found",
                                        "This link is not one of ours. Please check that it was "
                                        "copied as a whole." },
};

/* An answer from the bus may say what only a newer release knows: nothing checks enums on the way. */
static const struct page *page_of(const ApprovalPage *answer)
{
    size_t state = (size_t)answer->state;
    bool known = state < sizeof pages / sizeof *pages && pages[state].title;
    return &pages[known ? state : APPROVAL_PAGE__STATE__UNKNOWN];
}

static void add_line(struct text *t, const char *label, const char *value)
{
    text_format(t, "<p>%s: <strong>", label);
    html_add(t, value);
    text_add(t, "</strong></p>\n");
}

/* The number first: that is ours, the name is whatever the account goes by. */
static void add_account(struct text *t, const ApprovalPage *p)
{
    text_format(t, "<p>Account: <strong>%lld, <bdi>", (long long)p->account_id);
    html_add(t, plain_line(t->arena, p->account, ACCOUNT_MAX));
    text_add(t, "</bdi></strong></p>\n");
}

/* The form goes to where it came from: the path, which holds the token, is not repeated. */
static void add_question(struct text *t, const ApprovalPage *p)
{
    add_line(t, "Domain", p->domain ? p->domain : "");
    add_line(t, "Product", p->product ? p->product : "");
    add_account(t, p);
    text_format(t, "<p>Order: <strong>%lld</strong></p>\n<p>Names:</p>\n<ul>\n",
                (long long)p->order_id);
    for (size_t i = 0; i < p->n_dns_names; i++) {
        text_add(t, "<li>");
        html_add(t, p->dns_names[i]);
        text_add(t, "</li>\n");
    }
    text_add(
        t, "</ul>\n<p>Do you control this domain, and shall certificates for these names be "
           "issued?</p>\n<form method=\"post\"><button type=\"submit\">I approve</button></form>\n"
           "<p>If not, close this page: nothing is issued without your approval.</p>\n");
}

static bool page_shape(struct call *call, const ProtobufCMessage *answer, struct http_answer *out)
{
    const ApprovalPage *p = (const ApprovalPage *)answer;
    const struct page *page = page_of(p);
    struct text t;
    page_begin(&t, &call->arena, page->title);
    if (p->state == APPROVAL_PAGE__STATE__OPEN)
        add_question(&t, p);
    else
        text_format(&t, "<p>%s</p>\n", page->words);
    page_end(&t, out);
    return true;
}

void approvals_shape_fault(struct call *call, const struct fault *f, struct http_answer *out)
{
    struct text t;
    int status = fault_http_status(f->code);
    page_begin(&t, &call->arena, status < 500 && status != 429 ? "Not found" : "Please try again");
    text_add(
        &t, status < 500 && status != 429
                ? "<p>There is no such page.</p>\n"
                : "<p>The page cannot be shown at this moment. Please try again in a while.</p>\n");
    page_end(&t, out);
}

/* ---- on every page, and who comes in */

void approvals_dress(struct call *call, const struct http_answer *out)
{
    (void)out;
    uint8_t hash[SHA256_SIZE];
    digest_sha256(BYTES_OF(style), hash);
    http_header(call, "Content-Security-Policy",
                arena_format(&call->arena,
                             "default-src 'none'; style-src 'sha256-%s'; form-action 'self'; "
                             "frame-ancestors 'none'; base-uri 'none'",
                             base64_write(&call->arena, (struct bytes){ hash, sizeof hash })));
    http_header(call, "Cache-Control", "no-store");
    http_header(call, "Referrer-Policy", "no-referrer");
    http_header(call, "X-Robots-Tag", "noindex");
}

bool approvals_admit(struct call *call, const struct route *route, void *limits)
{
    (void)route;
    return limit_by_address(limits, call);
}

/* ---- the handlers */

static bool well_formed(const char *token)
{
    return strlen(token) == TOKEN_LENGTH &&
           strspn(token, "abcdefghijklmnopqrstuvwxyz0123456789") == TOKEN_LENGTH;
}

static void page_answer(struct call *call, const ApprovalPage *page)
{
    http_status(call, page_of(page)->status);
    call_answer(&page->base, call);
}

/* On the bus thread. */
static void decided(const ApprovalPage *page, void *data)
{
    struct bus_call *bus = data;
    struct call *call = bus->context;
    if (page) {
        page_answer(call, page);
    } else {
        call->fault = bus->fault;
        call_fail(call);
    }
}

static void ask(void (*stub)(ProtobufCService *, const ApprovalToken *, ApprovalPage_Closure,
                             void *),
                const ApprovalLink *in, struct call *call)
{
    ApprovalPage unknown = APPROVAL_PAGE__INIT;
    ApprovalToken token = APPROVAL_TOKEN__INIT;
    unknown.state = APPROVAL_PAGE__STATE__UNKNOWN;
    if (!well_formed(in->token)) {
        page_answer(call, &unknown);
        return;
    }
    struct bus_call *bus = arena_new(&call->arena, struct bus_call);
    *bus = (struct bus_call){ .actor = call->actor,
                              .deadline = { call->deadline.us - ANSWER_MARGIN.us },
                              .context = call };
    memcpy(bus->traceparent, call->traceparent, sizeof bus->traceparent);
    token.token = in->token;
    token.ip = *call->actor.ip ? call->actor.ip : NULL;
    stub(bus_client(gateway.run->bus, "validation", &approvals__descriptor), &token, decided, bus);
}

static void approval_pages_show(ApprovalPages_Service *self, const ApprovalLink *in,
                                ApprovalPage_Closure answer, void *data)
{
    (void)self, (void)answer;
    ask(approvals__look, in, data);
}

static void approval_pages_approve(ApprovalPages_Service *self, const ApprovalLink *in,
                                   ApprovalPage_Closure answer, void *data)
{
    (void)self, (void)answer;
    ask(approvals__approve, in, data);
}

ApprovalPages_Service approval_pages_service = APPROVAL_PAGES__INIT(approval_pages_);

// clang-format off
static const struct route routes[] = {
    { GET,  "/approve/{token}", AWAIT, RPC(approval_pages_service, "Show"),    NULL, 200,
      "The page behind the link in an approval mail", .shape = page_shape, .flags = ROUTE_NO_BODY, .body_max = BODY_MAX },
    { POST, "/approve/{token}", AWAIT, RPC(approval_pages_service, "Approve"), NULL, 200,
      "Approve what an approval mail asks for",       .shape = page_shape, .flags = ROUTE_NO_BODY, .body_max = BODY_MAX },
    { 0 },
};
// clang-format on

const struct route *const approval_tables[] = { routes, NULL };
