// A whole session, as a state machine: a real client (its checks, its handshake, its SRTP) and strangers, in an order,
// with losses, at times and with changes that the input chooses. Whatever comes, nothing leaves towards an address that
// ICE has not authenticated, and what is delivered as media is what the client sealed.
#include <openssl/hmac.h>
#include <zlib.h>

#include <algorithm>
#include <memory>
#include <set>
#include <vector>

#include "media/protocol/rtp/packet.hpp"
#include "media/session/peer.hpp"
#include "testing/fuzz.hpp"

using namespace confidente;
using namespace confidente::media;
using confidente::testing::FuzzInput;

namespace {

const Certificate& identity(int which) {
    static const auto server = *Certificate::make(), client = *Certificate::make();
    return which == 0 ? *server : *client;
}

constexpr std::uint16_t kIceControlling = 0x802A, kIceControlled = 0x8029, kUnknownRequired = 0x0029;

/// A check of ours with another attribute in the place of ICE-CONTROLLING, signed again (RFC 8489 §14.5 and §14.7).
Buffer with_attribute(Buffer message, std::uint16_t attribute, const std::string& password) {
    constexpr std::size_t kHeader = 20, kIntegrity = 24, kFingerprint = 8;
    for (std::size_t at = kHeader; at + 4 <= message.size();
         at += 4 + (load_be16(message.data() + at + 2) + 3U) / 4 * 4)
        if (load_be16(message.data() + at) == kIceControlling) store_be16(message.data() + at, attribute);
    const std::size_t signed_size = message.size() - kFingerprint - kIntegrity;
    store_be16(message.data() + 2, static_cast<std::uint16_t>(signed_size + kIntegrity - kHeader));
    HMAC(EVP_sha1(), password.data(), static_cast<int>(password.size()), message.data(), signed_size,
         message.data() + signed_size + 4, nullptr);
    store_be16(message.data() + 2, static_cast<std::uint16_t>(message.size() - kHeader));
    const auto crc = ::crc32(0, message.data(), static_cast<unsigned>(message.size() - kFingerprint));
    store_be32(message.data() + message.size() - 4, static_cast<std::uint32_t>(crc) ^ 0x5354554EU);
    return message;
}

class Story {
public:
    explicit Story(FuzzInput input) : input_(input) {}

    void run() {
        for (int steps = 0; !input_.empty() && steps < kMaxSteps; ++steps) step(input_.u8());
        now_ = now_ + kConsentLost + kHalfOpenLifetime;
        tick();
        check(server_.state() == PeerState::closed && server_.close_reason() != CloseReason::none);
        check(server_.deadline().at == Instant::never());
    }

private:
    static constexpr int kMaxSteps = 64;

    void step(std::uint8_t what) {
        const SocketAddress& from = what & 0x80 ? stranger_ : home_;
        switch (what & 0x0F) {
            case 0:
            case 1:
                return check_from(from, what & 1);
            case 2:
            case 3:
                return handshake(from, what & 0x40, what & 0x20);
            case 4: {
                const Bytes bytes = input_.chunk();
                return receive(Buffer(bytes.begin(), bytes.end()), from, false);
            }
            case 5:
                return media(from, false);
            case 6:
                return media(from, true);
            case 7:
                now_ = now_ + Duration{std::int64_t{input_.u8()} * 10'000'000};
                return tick();
            case 8:
                now_ = now_ + Duration{std::int64_t{input_.u8()} * 200'000'000};
                return tick();
            case 9:
                return send(false);
            case 10:
                return send(true);
            case 11:
                return forged_check(from);
            case 12:
                return repeat(from);
            case 13:
                server_.close(now_, out_);
                return leave();
            case 14:
                return odd_check(from, what & 0x10 ? kIceControlled : kUnknownRequired);
            default:
                return tick();
        }
    }

    /// A check of the client's, with the right password.
    void check_from(const SocketAddress& from, bool nominate) {
        StunBindingRequest request;
        request.transaction[0] = input_.u8();
        const std::string username = ours_.ufrag + ":" + theirs_.ufrag;
        request.username = username;
        request.password = ours_.pwd;
        request.use_candidate = nominate;
        known_.insert(from);
        receive(write_binding_request(request), from, false);
        last_proves_ = true;
    }

    /// One with the password, from an agent that plays our part, or asks for what nobody has heard of.
    void odd_check(const SocketAddress& from, std::uint16_t attribute) {
        StunBindingRequest request;
        request.transaction[0] = input_.u8();
        const std::string username = ours_.ufrag + ":" + theirs_.ufrag;
        request.username = username;
        request.password = ours_.pwd;
        known_.insert(from);
        receive(with_attribute(write_binding_request(request), attribute, ours_.pwd), from, false);
        last_proves_ = true;
    }

    /// The same with attributes of the input's own, or one without the password.
    void forged_check(const SocketAddress& from) {
        StunBindingRequest request;
        const std::string username{as_text(input_.take(input_.u8()))};
        request.username = username;
        request.password = "no password that anybody was given";
        receive(write_binding_request(request), from, false);
    }

    /// The next flight of the client, perhaps cut or lost.
    void handshake(const SocketAddress& from, bool lose, bool change) {
        if (client_.state() == DtlsState::idle) client_.start(now_, flight_);
        if (flight_.empty()) client_.tick(now_, flight_);
        auto flight = std::exchange(flight_, {});
        for (Buffer& datagram : flight) {
            if (lose && input_.u8() & 1) continue;
            if (change) datagram[input_.u16() % datagram.size()] ^= static_cast<std::uint8_t>(1 + input_.u8() % 255);
            receive(std::move(datagram), from, true);
        }
    }

    void media(const SocketAddress& from, bool rtcp) {
        const Bytes plain = input_.chunk();
        Buffer packet(plain.begin(), plain.end());
        if (client_.state() == DtlsState::connected) {
            if (!sealer_) sealer_.emplace(client_.keys()->ours);
            packet.resize(plain.size() + kMaxSrtpOverhead);
            const auto sealed =
                rtcp ? sealer_->seal_rtcp(packet, plain.size()) : sealer_->seal_rtp(packet, plain.size());
            if (sealed.verdict != SrtpVerdict::ok) return;
            packet.resize(sealed.size);
        }
        sealed_.emplace_back(plain.begin(), plain.end());
        receive(std::move(packet), from, false);
    }

    void send(bool rtcp) {
        const Bytes bytes = input_.chunk();
        const std::size_t size = std::min(bytes.size(), kMaxDatagram - kMaxSrtpOverhead);
        const auto room = out_.room();
        std::copy_n(bytes.begin(), size, room.begin());
        const bool sent = rtcp ? server_.send_rtcp(size, now_, out_) : server_.send_rtp(size, now_, out_);
        check(!sent || (server_.state() == PeerState::connected && server_.may_send(now_)));
        check(sent == (out_.size() == 1));
        leave();
    }

    /// The last datagram once more, perhaps from elsewhere. A check proves whatever address it comes from: ICE does not
    /// sign the sender's, a NAT would change it.
    void repeat(const SocketAddress& from) {
        if (last_.empty()) return;
        if (last_proves_) known_.insert(from);
        receive(last_, from, false);
    }

    void receive(Buffer bytes, const SocketAddress& from, bool of_client) {
        last_proves_ = last_proves_ && bytes == last_;
        last_ = bytes;
        const bool connected = server_.state() == PeerState::connected;
        const auto received = server_.receive({bytes, from}, now_, out_);
        if (received.kind != ReceivedKind::nothing) {
            check(connected && known_.contains(from));
            // Each packet that the client sealed comes out once, at most.
            const auto sealed = std::ranges::find(sealed_, Buffer(received.bytes.begin(), received.bytes.end()));
            check(sealed != sealed_.end());
            sealed_.erase(sealed);
        }
        if (!known_.contains(from)) check(out_.empty() && !server_.validated(from, now_));
        // Answers to strangers reach nobody here.
        leave(of_client || from == home_);
    }

    void tick() {
        server_.tick(now_, out_);
        check(server_.deadline().at > now_ || server_.state() == PeerState::closed);
        leave();
    }

    void leave(bool to_client = true) {
        for (std::size_t i = 0; i < out_.size(); ++i) {
            check(known_.contains(out_.head(i).to));
            check(out_.head(i).size > 0);
            const Bytes datagram = out_.datagram(i);
            const bool is_dtls = datagram[0] >= 20 && datagram[0] <= 63;
            if (to_client && is_dtls) client_.receive(datagram, now_, flight_);
        }
        out_.clear();
    }

    FuzzInput input_;
    SeededRandom random_{5};
    Instant now_{1'000'000'000};
    IceCredentials ours_ = make_ice_credentials(random_), theirs_ = make_ice_credentials(random_);
    SocketAddress home_ = SocketAddress::v4({10, 0, 0, 2}, 5000), stranger_ = SocketAddress::v4({66, 6, 6, 6}, 666);
    std::set<SocketAddress> known_;
    Peer server_{{.role = PeerRole::server,
                  .ours = ours_,
                  .theirs = {theirs_.ufrag, ""},
                  .their_certificate = identity(1).hash(),
                  .remote = {}},
                 identity(0),
                 random_,
                 now_};
    Dtls client_{identity(1), DtlsRole::client, identity(0).hash()};
    DtlsOutput flight_;
    std::optional<SrtpSealer> sealer_;
    Outbox out_{64};
    Buffer last_;
    std::vector<Buffer> sealed_;  ///< and not delivered yet
    bool last_proves_ = false;
};

}  // namespace

FUZZ(input) {
    static const bool ready = identity(0).hash() != identity(1).hash();
    check(ready);
    Story{FuzzInput{input}}.run();
}
