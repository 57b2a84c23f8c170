"""The `payload` group: the shape of what a flow says first, as numbers; never its bytes, never a name.

Looked at are the first 1,024 bytes that each direction carries behind its transport headers, for at most ten seconds
from the first of them. A column of a protocol that the flow does not speak is null, and so is one whose value lies
behind the end of what was captured (snap length, lost segments) or, where nothing else is said, of the 1,024 bytes.
Protocols are told by their bytes, whatever the port. QUIC and everything encrypted stay what they are: bytes.
"""

from __future__ import annotations

from clan.schema.feature import Feature

_PACKETS = ("packets",)

_ROWS: tuple[tuple[str, str, str, str], ...] = (
    # --- bytes
    ("payload_fwd_seen", "bytes", "int", "forward payload that was looked at, at most 1024; 0 when there was none"),
    ("payload_bwd_seen", "bytes", "int", "backward payload that was looked at, at most 1024; 0 when there was none"),
    (
        "payload_fwd_entropy",
        "bits",
        "float",
        "Shannon entropy of the first forward bytes, 0 to 8 and at most log2 of their number; null without any",
    ),
    ("payload_bwd_entropy", "bits", "float", "the same backward"),
    (
        "payload_fwd_printable",
        "ratio",
        "float",
        "printable ASCII, tabs and line ends among the first forward bytes; null without any",
    ),
    ("payload_bwd_printable", "ratio", "float", "the same backward"),
    (
        "payload_distance",
        "ratio",
        "float",
        "total variation distance between the byte histograms of both directions, 0 (alike) to 1 (no byte in common); "
        "null unless both carry payload",
    ),
    ("payload_is_dns", "indicator", "int", "1 when DNS is spoken"),
    ("payload_is_tls", "indicator", "int", "1 when TLS records are exchanged"),
    ("payload_is_http", "indicator", "int", "1 when HTTP/1 is spoken"),
    ("payload_is_ssh", "indicator", "int", "1 when a direction begins with the version line of SSH (RFC 4253)"),
    ("payload_is_smb", "indicator", "int", "1 when a direction begins with an SMB message of any version"),
    ("payload_is_rpc", "indicator", "int", "1 when a direction begins with a DCE/RPC message, connection-oriented"),
    (
        "payload_is_control",
        "indicator",
        "int",
        "1 when a plant's control is spoken: Modbus, S7comm, DNP3, IEC 60870-5-104 or CIP",
    ),
    (
        "payload_odd_port",
        "indicator",
        "int",
        "1 when one of these protocols is spoken and neither port is one of its usual ones, 0 for DCE/RPC, which has "
        "none; null when none is recognised",
    ),
    (
        "payload_odd_protocol",
        "indicator",
        "int",
        "1 when a port belongs to a protocol (TCP 22, 80, 443, 445; UDP 53) or to text (TCP 21, 25, 110, 143) and what "
        "is spoken is neither that nor TLS; null on other ports and without payload; also 1 when the beginning of the "
        "connection was not seen",
    ),
    # --- DNS (RFC 1035), also mDNS, LLMNR and NetBIOS names; the first message of each direction
    ("dns_name_length", "bytes", "int", "first name asked for, as text without the last dot; 0 for the root"),
    ("dns_labels", "labels", "int", "labels of that name"),
    ("dns_longest_label", "bytes", "int", "its longest label"),
    (
        "dns_name_entropy",
        "bits",
        "float",
        "Shannon entropy of its characters without dots, in lower case; 0 for the root",
    ),
    ("dns_name_digits", "characters", "int", "its digits"),
    ("dns_name_unusual", "characters", "int", "its characters other than letters, digits, hyphen and underscore"),
    ("dns_asks_address", "indicator", "int", "1 when an address is asked for (A, AAAA, HTTPS, SVCB)"),
    ("dns_asks_name", "indicator", "int", "1 when a name is asked for (NS, CNAME, SOA, PTR, MX, SRV)"),
    ("dns_asks_text", "indicator", "int", "1 when free data are asked for (TXT, NULL, SPF, KEY, ANY)"),
    ("dns_asks_other", "indicator", "int", "1 when another type is asked for"),
    ("dns_query_size", "bytes", "int", "first query, as long as on the wire; null when only an answer was seen"),
    ("dns_answer_size", "bytes", "int", "first answer, as long as on the wire; null when there was none"),
    ("dns_answers", "records", "int", "records in the answer section of the first answer, as its header counts them"),
    ("dns_rcode", "code", "int", "response code of the first answer: 0 no error, 2 server failure, 3 no such name"),
    (
        "dns_names_of_domain",
        "names",
        "int",
        "distinct names asked for below the same parent domain in the stream in the last 5 to 10 minutes, this one "
        "included; the parent is the last two labels, three where these are short (co.uk); estimated from 512 bits "
        "(error about 5 %), at most 3549; forgotten when another domain falls on the same of 8192 places",
    ),
    # --- TLS (RFC 5246, 8446) over TCP
    (
        "tls_client_version",
        "version",
        "int",
        "highest version that the client offers: 0 SSL 3.0, 1 TLS 1.0, 2 TLS 1.1, 3 TLS 1.2, 4 TLS 1.3",
    ),
    ("tls_server_version", "version", "int", "version that the server chose, in the same numbers"),
    ("tls_ciphers", "suites", "int", "cipher suites that the client offers, without GREASE (RFC 8701)"),
    ("tls_extensions", "extensions", "int", "extensions of the client hello, without GREASE"),
    ("tls_sni_length", "bytes", "int", "server name that the client asks for (RFC 6066); 0 when it names none"),
    ("tls_alpn", "indicator", "int", "1 when the client offers application protocols (RFC 7301)"),
    (
        "tls_certificates_size",
        "bytes",
        "int",
        "all certificates of the server together with their lengths; null in TLS 1.3, which hides them",
    ),
    ("tls_certificate_size", "bytes", "int", "the server's own certificate, which is the first"),
    ("tls_certificates", "certificates", "int", "certificates that the server sends, where their lengths can be seen"),
    ("tls_alerts", "records", "int", "alerts in plain or encrypted records of both directions, as far as seen"),
    ("tls_heartbeats", "records", "int", "heartbeat records (RFC 6520) of both directions, as far as seen"),
    (
        "tls_heartbeat_excess",
        "bytes",
        "int",
        "most by which a plain heartbeat says to be longer than its record is; 0 when none does",
    ),
    # --- HTTP/1 (RFC 9112) over TCP; the first request and the first response
    ("http_get", "indicator", "int", "1 when the first request is a GET or HEAD"),
    ("http_post", "indicator", "int", "1 when it is a POST or PUT"),
    ("http_other", "indicator", "int", "1 when it has another method"),
    ("http_request_line", "bytes", "int", "request line without its line end; 1024 when it is longer"),
    ("http_uri_length", "bytes", "int", "request target; up to the end of the 1024 bytes when it is longer"),
    ("http_uri_entropy", "bits", "float", "Shannon entropy of the characters of the request target"),
    (
        "http_uri_unusual",
        "characters",
        "int",
        "characters of the request target other than letters, digits and -._~/?&=%+:#,;@; %XX counts "
        "as what it stands for",
    ),
    ("http_request_headers", "headers", "int", "header lines of the request"),
    (
        "http_request_body",
        "bytes",
        "int",
        "body of the request as Content-Length has it; 0 without one; null when it is chunked",
    ),
    ("http_longest_header", "bytes", "int", "longest header line of the request that ends within the 1024 bytes"),
    (
        "http_header_unusual",
        "characters",
        "int",
        "characters of its header lines that hardly any header needs: $ < > \\ ^ ` { } and the vertical bar, and those "
        "that are no printable ASCII; up to the end of the 1024 bytes",
    ),
    ("http_no_host", "indicator", "int", "1 when no header of the request names the host"),
    ("http_no_agent", "indicator", "int", "1 when no header of the request names the client's program"),
    ("http_host_address", "indicator", "int", "1 when the host is named by an IP address; null when none is named"),
    ("http_status_class", "class", "int", "first digit of the status of the first response: 2 success, 4 client error"),
    ("http_response_headers", "headers", "int", "header lines of the response"),
    ("http_response_body", "bytes", "int", "body of the response as Content-Length has it; null without one"),
    # --- control of plants: what the first side asks, in at most 32 messages
    (
        "control_reads",
        "messages",
        "int",
        "requests of the first side that read; null without Modbus (port 502), S7comm, DNP3, IEC 104 (port "
        "2404) or CIP (port 44818)",
    ),
    (
        "control_commands",
        "messages",
        "int",
        "its requests that write, operate, load, restart, stop or switch off reports",
    ),
    (
        "control_refusals",
        "messages",
        "int",
        "answers of the other side that refuse (exceptions of Modbus, errors of S7comm)",
    ),
)

PAYLOAD_GROUP: tuple[Feature, ...] = tuple(
    Feature(name=name, unit=unit, integer=kind == "int", meaning=meaning, group="payload", sources=_PACKETS)
    for name, unit, kind, meaning in _ROWS
)
"""The features of the group."""
