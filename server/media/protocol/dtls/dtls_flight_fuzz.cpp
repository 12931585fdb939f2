// The first flights of a DTLS handshake, from a stranger and towards a server or a client: nothing connects without
// the certificate, and what leaves is bounded.
#include "media/protocol/dtls/dtls.hpp"
#include "testing/fuzz.hpp"

using namespace confidente;
using namespace confidente::media;
using confidente::testing::FuzzInput;

namespace {

const Certificate& certificate() {
    static const auto made = *Certificate::make();
    return *made;
}

}  // namespace

FUZZ(input) {
    FuzzInput datagrams{input};
    const auto role = datagrams.u8() & 1 ? DtlsRole::client : DtlsRole::server;
    Dtls dtls{certificate(), role, certificate().hash()};
    Instant now{1'000'000'000};
    DtlsOutput out;
    if (role == DtlsRole::client) dtls.start(now, out);
    while (!datagrams.empty()) {
        const bool first = out.empty();
        out.clear();
        const std::uint8_t step = datagrams.u8();
        if (step & 0x80) {
            now = std::max(now, std::min(dtls.deadline(), now + 10s));
            dtls.tick(now, out);
        } else {
            dtls.receive(datagrams.chunk(), now, out);
        }
        now = now + Duration{(step & 0x7F) * 1'000'000};
        check(dtls.state() != DtlsState::connected && !dtls.keys());
        check(out.size() <= kMaxFlightDatagrams);
        for (const Buffer& datagram : out) check(!datagram.empty() && datagram.size() <= kDtlsMtu);
        check(first || dtls.state() != DtlsState::idle || role == DtlsRole::server);
    }
    dtls.close(out);
}
