"""Timestamps in certificates (RFC 6962 3.3), judged by nothing of the house: DER by hand, signatures by OpenSSL."""
import hashlib
import os

from . import case, pki

SCT_LIST = bytes.fromhex("060a2b06010401d679020402")
POISON = bytes.fromhex("060a2b06010401d679020403")


def _element(data, at):
    """Where its content begins, and where it ends."""
    size, at = data[at + 1], at + 2
    if size & 0x80:
        count = size & 0x7f
        size, at = int.from_bytes(data[at:at + count], "big"), at + count
    return at, at + size


def _children(data):
    """The whole elements in the content of one."""
    at, end = _element(data, 0)
    while at < end:
        _, over = _element(data, at)
        yield data[at:over]
        at = over


def _wrap(tag, content):
    size = len(content)
    if size < 0x80:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content


def _content(element):
    at, end = _element(element, 0)
    return element[at:end]


def extensions(der):
    tbs = next(_children(der))
    last = [c for c in _children(tbs)][-1]
    return list(_children(_content(last))) if last[0] == 0xa3 else []


def logged_tbs(der):
    """What logs have signed: the TBSCertificate without the list (RFC 6962 3.2)."""
    parts = list(_children(next(_children(der))))
    left = [e for e in extensions(der) if SCT_LIST not in e[:20]]
    parts[-1] = _wrap(0xa3, _wrap(0x30, b"".join(left)))
    return _wrap(0x30, b"".join(parts))


def timestamps(der):
    """[{id, at (ms), extensions, signature}]; none where there is no such extension."""
    found = [e for e in extensions(der) if SCT_LIST in e[:20]]
    if not found:
        return []
    case.equal("lists", len(found), 1)
    data, out = _content(_content(list(_children(found[0]))[-1])), []
    case.equal("size of the list", int.from_bytes(data[:2], "big"), len(data) - 2)
    data = data[2:]
    while data:
        size = int.from_bytes(data[:2], "big")
        one, data = data[2:2 + size], data[2 + size:]
        case.equal("version", one[0], 0)
        more = int.from_bytes(one[41:43], "big")
        case.equal("SHA-256 with ECDSA", one[43 + more:45 + more], b"\x04\x03")
        out.append({"id": one[1:33], "at": int.from_bytes(one[33:41], "big"), "extensions": one[43:43 + more],
                    "signature": one[47 + more:]})
    return out


def issuer_key_hash(issuer_pem):
    key = pki.openssl("x509", "-noout", "-pubkey", feed=issuer_pem.encode())
    return hashlib.sha256(pki.openssl("pkey", "-pubin", "-outform", "DER", feed=key)).digest()


def _file(content):
    path = os.path.join(pki.folder, hashlib.sha256(content).hexdigest())
    with open(path, "wb") as f:
        f.write(content)
    return path


def _leaf(stamp, issuer_pem, tbs):
    """From the timestamp on, as it is signed and as it is in the tree."""
    return (stamp["at"].to_bytes(8, "big") + b"\x00\x01" + issuer_key_hash(issuer_pem) + len(tbs).to_bytes(3, "big") + tbs
            + len(stamp["extensions"]).to_bytes(2, "big") + stamp["extensions"])


def verify(stamp, log, der, issuer_pem):
    """Its signature is by that log, over this certificate; and the log has it."""
    leaf = _leaf(stamp, issuer_pem, logged_tbs(der))
    pki.openssl("dgst", "-sha256", "-verify", _file(pki.openssl("pkey", "-pubin", "-inform", "DER", feed=log.spki)),
                "-signature", _file(stamp["signature"]), _file(b"\x00\x00" + leaf))
    case.true(f"{log.name} has it", b"\x00\x00" + leaf in log.entries())


def judge(pem, issuer_pem, logs, count):
    """So many timestamps, all of logs that have the certificate; gives the names of the logs."""
    der = pki.der_of(pem)
    case.true("no poison", not any(POISON in e[:20] for e in extensions(der)))
    found = timestamps(der)
    by_id = {log.id: name for name, log in logs.items()}
    for stamp in found:
        verify(stamp, logs[by_id[stamp["id"]]], der, issuer_pem)
    names = [by_id[stamp["id"]] for stamp in found]
    case.equal(f"timestamps of {names}", (len(names), len(set(names))), (count, count))
    return set(names)
