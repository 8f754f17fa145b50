#include "channels/iodef.h"

#include "channels/email.h"

bool iodef_mail(struct arena *a, const struct iodef *i, const char *from, const char *to,
                struct instant now, struct bytes *out, struct fault *f)
{
    char seen[INSTANT_TEXT_SIZE];
    struct email_text m = { .from = from, .to = to, .now = now };

    m.id = arena_format(a, "caa%lld", (long long)i->id);
    m.subject = arena_format(a, "A certificate for %s was not issued", i->dns_name);
    m.body = arena_format(
        a,
        "Somebody asked this certification authority (%s) for a certificate for\n"
        "\n"
        "  %s\n"
        "\n"
        "It was not issued, since the CAA records of %s forbid it. What was seen at %s:\n"
        "\n"
        "  %s\n"
        "\n"
        "You are told because an iodef record there names your address (RFC 8659 4.4).\n"
        "Nothing needs to be done. Who should have this certificate has to add a record\n"
        "that names %s.\n",
        i->ca, i->dns_name, i->domain, instant_text(i->seen, seen), i->detail, i->ca);
    return email_compose(a, &m, out, f);
}

static void add_escaped(struct text *t, const char *text)
{
    for (; *text; text++)
        if (*text == '<' || *text == '>' || *text == '&' || *text == '"')
            text_format(t, "&#%d;", *text);
        else
            text_add_char(t, *text);
}

static void add_element(struct text *t, const char *open, const char *text, const char *close)
{
    text_add(t, open);
    add_escaped(t, text);
    text_add(t, close);
}

struct bytes iodef_document(struct arena *a, const struct iodef *i, struct instant now)
{
    char made[INSTANT_TEXT_SIZE], seen[INSTANT_TEXT_SIZE];
    struct text t;

    text_init(&t, a);
    text_add(&t, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                 "<IODEF-Document version=\"2.00\" xml:lang=\"en\""
                 " xmlns=\"urn:ietf:params:xml:ns:iodef-2.0\">\n"
                 "<Incident purpose=\"reporting\">\n");
    add_element(&t, "<IncidentID name=\"", i->ca, "\">");
    text_format(&t, "caa-%lld</IncidentID>\n", (long long)i->id);
    add_element(&t, "<DetectTime>", instant_text(i->seen, seen), "</DetectTime>\n");
    add_element(&t, "<GenerationTime>", instant_text(now, made), "</GenerationTime>\n");
    add_element(&t, "<Description>",
                arena_format(a, "A certificate for %s was asked for and not issued: %s",
                             i->dns_name, i->detail),
                "</Description>\n");
    add_element(&t, "<Contact role=\"creator\" type=\"organization\"><ContactName>", i->ca,
                "</ContactName></Contact>\n");
    text_add(&t, "</Incident>\n</IODEF-Document>\n");
    return (struct bytes){ (const uint8_t *)t.data, t.length };
}
