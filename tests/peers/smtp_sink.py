#!/usr/bin/python3
"""A mail server that takes mail and keeps it: one file a mail, and a line of JSON for each in FOLDER/mails.log.

    smtp_sink.py --listen ADDRESS:PORT --cert FILE --key FILE --folder FOLDER

It speaks no mail without STARTTLS. 550 for bounce@..., 451 once for each tempfail@... . Other addresses
do the same when FOLDER/bounce or FOLDER/tempfail names them, a line each, as a test may write them.
"""
import argparse
import asyncio
import json
import os
import ssl

from aiosmtpd.smtp import SMTP


class Keeper:
    """What is taken, and who is turned away."""

    def __init__(self, folder):
        self.folder, self.delayed, self.count = folder, set(), 0
        self.log = os.path.join(folder, "mails.log")
        with open(self.log, "a", encoding="utf-8"):
            pass

    def listed(self, name, address):
        try:
            with open(os.path.join(self.folder, name), encoding="ascii") as f:
                return address in f.read().split()
        except OSError:
            return False

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("bounce@") or self.listed("bounce", address):
            return "550 5.1.1 there is nobody of that name"
        first = address not in self.delayed
        if first and (address.startswith("tempfail@") or self.listed("tempfail", address)):
            self.delayed.add(address)
            return "451 4.3.0 try again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        self.count += 1
        path = os.path.join(self.folder, f"{os.getpid()}-{self.count}.eml")
        with open(path, "wb") as f:
            f.write(envelope.content)
        line = {"from": envelope.mail_from, "to": envelope.rcpt_tos, "file": os.path.basename(path),
                "tls": session.ssl is not None}
        with open(self.log, "a", encoding="utf-8") as f:
            f.write(json.dumps(line) + "\n")
        return "250 kept"


async def serve(options):
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(options.cert, options.key)
    host, port = options.listen.rsplit(":", 1)
    keeper = Keeper(options.folder)

    def session():
        return SMTP(keeper, hostname="sink.test", tls_context=context, require_starttls=True)
    server = await asyncio.get_running_loop().create_server(session, host, int(port))
    async with server:
        await server.serve_forever()


def main():
    parser = argparse.ArgumentParser()
    for name in ("listen", "cert", "key", "folder"):
        parser.add_argument("--" + name, required=True)
    try:
        asyncio.run(serve(parser.parse_args()))
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
