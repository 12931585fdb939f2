#include "media/protocol/dtls/dtls.hpp"

#include <algorithm>
#include <deque>
#include <memory>

#include "platform/base/random.hpp"
#include "testing/test.hpp"

using namespace confidente;
using namespace confidente::media;

namespace {

struct Pair {
    std::unique_ptr<Certificate> client_identity, server_identity;
    std::unique_ptr<Dtls> client, server;
    Instant now{1'000'000'000};
    std::size_t longest = 0;

    Pair() {
        auto first = Certificate::make();
        auto second = Certificate::make();
        REQUIRE(first);
        REQUIRE(second);
        client_identity = std::move(*first);
        server_identity = std::move(*second);
        client = std::make_unique<Dtls>(*client_identity, DtlsRole::client, server_identity->hash());
        server = std::make_unique<Dtls>(*server_identity, DtlsRole::server, client_identity->hash());
    }

    /// Runs until both rest or the time is over; `lose` decides for each datagram.
    template <class Lose>
    void run(Lose lose, Duration length = 30s) {
        DtlsOutput to_server, to_client;
        client->start(now, to_server);
        const auto end = now + length;
        while (now < end) {
            while (!to_server.empty() || !to_client.empty()) {
                auto up = std::exchange(to_server, {}), down = std::exchange(to_client, {});
                for (const auto& datagram : up) {
                    longest = std::max(longest, datagram.size());
                    if (!lose()) server->receive(datagram, now, to_client);
                }
                for (const auto& datagram : down) {
                    longest = std::max(longest, datagram.size());
                    if (!lose()) client->receive(datagram, now, to_server);
                }
            }
            const auto next = std::min(client->deadline(), server->deadline());
            if (next == Instant::never()) return;
            now = std::max(now, next);
            client->tick(now, to_server);
            server->tick(now, to_client);
        }
    }
};

bool never() { return false; }

bool same(const SrtpMasterKey& a, const SrtpMasterKey& b) {
    return a.profile == b.profile && a.key == b.key && a.salt == b.salt;
}

}  // namespace

TEST("client and server agree on GCM and on crossed keys") {
    Pair pair;
    pair.run(never);
    REQUIRE(pair.client->state() == DtlsState::connected);
    REQUIRE(pair.server->state() == DtlsState::connected);
    const auto &ours = *pair.client->keys(), &theirs = *pair.server->keys();
    CHECK(ours.ours.profile == SrtpProfile::aead_aes_128_gcm);
    CHECK(same(ours.ours, theirs.theirs));
    CHECK(same(ours.theirs, theirs.ours));
    CHECK_FALSE(same(ours.ours, ours.theirs));
    CHECK(pair.longest <= kDtlsMtu);
}

TEST("a handshake survives any third of its datagrams being lost") {
    for (std::uint64_t seed = 1; seed <= 40; ++seed) {
        Pair pair;
        SeededRandom random(seed);
        pair.run([&] { return random.below(100) < 33; });
        CAPTURE(seed);
        CHECK(pair.client->state() == DtlsState::connected);
        CHECK(pair.server->state() == DtlsState::connected);
    }
}

TEST("a peer whose certificate has another fingerprint is refused by either side") {
    for (const bool wrong_at_client : {true, false}) {
        Pair pair;
        auto other = Certificate::make();
        REQUIRE(other);
        if (wrong_at_client)
            pair.client = std::make_unique<Dtls>(*pair.client_identity, DtlsRole::client, (*other)->hash());
        else
            pair.server = std::make_unique<Dtls>(*pair.server_identity, DtlsRole::server, (*other)->hash());
        pair.run(never);
        CHECK((wrong_at_client ? pair.client : pair.server)->state() == DtlsState::failed);
        CHECK_FALSE(pair.client->keys().has_value());
        CHECK_FALSE(pair.server->keys().has_value());
    }
}

TEST("close_notify is heard, and forged bytes are not taken for it") {
    Pair pair;
    pair.run(never);
    DtlsOutput none;
    const Buffer forged{21, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 9, 0, 2, 1, 0};
    pair.server->receive(forged, pair.now, none);
    pair.server->receive(Buffer(40, 22), pair.now, none);
    CHECK(pair.server->state() == DtlsState::connected);
    DtlsOutput goodbye, answer;
    pair.client->close(goodbye);
    REQUIRE(goodbye.size() == 1);
    pair.server->receive(goodbye[0], pair.now, answer);
    CHECK(pair.server->state() == DtlsState::closed);
}

TEST("garbage before and during the handshake does not stop it") {
    Pair pair;
    DtlsOutput none;
    SeededRandom random(7);
    for (int i = 0; i < 200; ++i) {
        Buffer noise(random.below(100) + 1);
        random.fill(std::as_writable_bytes(std::span{noise}));
        noise[0] = static_cast<std::uint8_t>(20 + random.below(44));
        pair.server->receive(noise, pair.now, none);
    }
    pair.run(never);
    CHECK(pair.server->state() == DtlsState::connected);
    CHECK(pair.client->state() == DtlsState::connected);
}

TEST("a fingerprint is read back as it was written, and nothing else is one") {
    auto made = Certificate::make();
    REQUIRE(made);
    const auto text = to_string((*made)->hash());
    CHECK(text.size() == 95);
    CHECK(parse_certificate_hash(text) == (*made)->hash());
    CHECK_FALSE(parse_certificate_hash(text.substr(1)));
    CHECK_FALSE(parse_certificate_hash(text + ":00"));
    auto wrong = text;
    wrong[2] = '-';
    CHECK_FALSE(parse_certificate_hash(wrong));
}
