#include "api/notes.h"

#include <string.h>

#include "api/notes.sql.h"
#include "api/text_rules.h"
#include "common.pb-c.h"
#include "statement.h"
#include "store/store.h"

static const struct text_rule note_rules[] = {
    { "text", TEXT_LINES, 1024 },
    { 0 },
};

static bool acceptable(struct call *call, const NoteRequest *in)
{
    if (!in->text[strspn(in->text, " \t\r\n")])
        return fault_set(&call->fault, FAULT_REQUIRED, "text", "is required");
    return texts_good(call, &in->base, note_rules, "");
}

static bool added(struct call *call, const NoteAdded *result, bool found)
{
    if (!found)
        return fault_set(&call->fault, FAULT_NO_ORDER, "order_id", "there is no such order");
    return result->note || fault_set(&call->fault, FAULT_INVALID, "text",
                                     "is one more than the %lld notes that an order takes",
                                     (long long)result->before);
}

static void notes_add(Notes_Service *self, const NoteRequest *in, Note_Closure answer, void *data)
{
    (void)self;
    struct call *call = data;
    NoteAdded out = NOTE_ADDED__INIT;
    bool found = false;
    if (acceptable(call, in) &&
        statement_maybe(call, &sql_note_add, &in->base, &out.base, &found) &&
        added(call, &out, found))
        answer(out.note, call);
    else
        call_fail(call);
}

Notes_Service notes_service = NOTES__INIT(notes_);

// clang-format off
const struct route note_routes[] = {
    { POST, "/order/certificate/{order_id}/note", WORKER, RPC(notes_service, "Add"), "order:update", 201,
      "Add a note to an order" },
    { 0 },
};
// clang-format on
