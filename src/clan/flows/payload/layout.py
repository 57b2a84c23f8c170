"""Where the columns of group `payload` stand in a row of numbers, and how much payload is looked at."""

from __future__ import annotations

from typing import Final

from clan.schema import features_of

VIEW: Final = 1024
"""Bytes of each direction that are looked at."""

FEATURES: Final = features_of(["payload"])
_PLACES: Final = {feature.name: place for place, feature in enumerate(FEATURES)}

SEEN: Final = _PLACES["payload_fwd_seen"]  # forward; backward follows, also for the next two
ENTROPY: Final = _PLACES["payload_fwd_entropy"]
PRINTABLE: Final = _PLACES["payload_fwd_printable"]
DISTANCE: Final = _PLACES["payload_distance"]

IS_DNS: Final = _PLACES["payload_is_dns"]
IS_TLS: Final = _PLACES["payload_is_tls"]
IS_HTTP: Final = _PLACES["payload_is_http"]
IS_SSH: Final = _PLACES["payload_is_ssh"]
IS_SMB: Final = _PLACES["payload_is_smb"]
IS_RPC: Final = _PLACES["payload_is_rpc"]
IS_CONTROL: Final = _PLACES["payload_is_control"]
ODD_PORT: Final = _PLACES["payload_odd_port"]
ODD_PROTOCOL: Final = _PLACES["payload_odd_protocol"]

DNS_NAME_LENGTH: Final = _PLACES["dns_name_length"]
DNS_LABELS: Final = _PLACES["dns_labels"]
DNS_LONGEST_LABEL: Final = _PLACES["dns_longest_label"]
DNS_NAME_ENTROPY: Final = _PLACES["dns_name_entropy"]
DNS_NAME_DIGITS: Final = _PLACES["dns_name_digits"]
DNS_NAME_UNUSUAL: Final = _PLACES["dns_name_unusual"]
DNS_ASKS: Final = _PLACES["dns_asks_address"]  # address, name, text, other
DNS_QUERY_SIZE: Final = _PLACES["dns_query_size"]
DNS_ANSWER_SIZE: Final = _PLACES["dns_answer_size"]
DNS_ANSWERS: Final = _PLACES["dns_answers"]
DNS_RCODE: Final = _PLACES["dns_rcode"]
DNS_NAMES_OF_DOMAIN: Final = _PLACES["dns_names_of_domain"]

TLS_CLIENT_VERSION: Final = _PLACES["tls_client_version"]
TLS_SERVER_VERSION: Final = _PLACES["tls_server_version"]
TLS_CIPHERS: Final = _PLACES["tls_ciphers"]
TLS_EXTENSIONS: Final = _PLACES["tls_extensions"]
TLS_SNI_LENGTH: Final = _PLACES["tls_sni_length"]
TLS_ALPN: Final = _PLACES["tls_alpn"]
TLS_CERTIFICATES_SIZE: Final = _PLACES["tls_certificates_size"]
TLS_CERTIFICATE_SIZE: Final = _PLACES["tls_certificate_size"]
TLS_CERTIFICATES: Final = _PLACES["tls_certificates"]
TLS_ALERTS: Final = _PLACES["tls_alerts"]
TLS_HEARTBEATS: Final = _PLACES["tls_heartbeats"]
TLS_HEARTBEAT_EXCESS: Final = _PLACES["tls_heartbeat_excess"]

HTTP_METHODS: Final = _PLACES["http_get"]  # get, post, other
HTTP_REQUEST_LINE: Final = _PLACES["http_request_line"]
HTTP_URI_LENGTH: Final = _PLACES["http_uri_length"]
HTTP_URI_ENTROPY: Final = _PLACES["http_uri_entropy"]
HTTP_URI_UNUSUAL: Final = _PLACES["http_uri_unusual"]
HTTP_REQUEST_HEADERS: Final = _PLACES["http_request_headers"]
HTTP_REQUEST_BODY: Final = _PLACES["http_request_body"]
HTTP_LONGEST_HEADER: Final = _PLACES["http_longest_header"]
HTTP_HEADER_UNUSUAL: Final = _PLACES["http_header_unusual"]
HTTP_NO_HOST: Final = _PLACES["http_no_host"]
HTTP_NO_AGENT: Final = _PLACES["http_no_agent"]
HTTP_HOST_ADDRESS: Final = _PLACES["http_host_address"]
HTTP_STATUS_CLASS: Final = _PLACES["http_status_class"]
HTTP_RESPONSE_HEADERS: Final = _PLACES["http_response_headers"]
HTTP_RESPONSE_BODY: Final = _PLACES["http_response_body"]

CONTROL_READS: Final = _PLACES["control_reads"]
CONTROL_COMMANDS: Final = _PLACES["control_commands"]
CONTROL_REFUSALS: Final = _PLACES["control_refusals"]
