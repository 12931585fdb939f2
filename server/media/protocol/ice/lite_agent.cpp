#include "media/protocol/ice/lite_agent.hpp"

#include <algorithm>

namespace confidente::media {

LiteAgent::LiteAgent(IceCredentials ours, std::string their_ufrag, Instant now)
    : current_(std::move(ours), their_ufrag), heard_(now), selected_heard_(now) {}

void LiteAgent::restart(IceCredentials ours, std::string their_ufrag) {
    // What nobody has asked with yet is replaced; what media goes over now stays good.
    if (!before_) before_ = std::move(current_);
    current_ = Generation{std::move(ours), their_ufrag};
}

LiteAgent::Pair& LiteAgent::pair_of(const SocketAddress& address) {
    for (auto& pair : pairs_)
        if (pair.used && pair.address == address) return pair;
    auto& oldest =
        *std::min_element(pairs_.begin(), pairs_.end(), [](const Pair& a, const Pair& b) { return a.heard < b.heard; });
    oldest = {address, {}, true};
    return oldest;
}

IceVerdict LiteAgent::receive(const StunMessage& message, const SocketAddress& from, Instant now, Buffer& answer) {
    if (message.message_class() != StunClass::request) return IceVerdict::ignored;
    const bool fresh = message.username() == current_.username;
    if (!fresh && !(before_ && message.username() == before_->username)) return IceVerdict::unauthenticated;
    const auto& password = fresh ? current_.ours.pwd : before_->ours.pwd;
    const auto attributes = message.authenticate(password);
    if (!attributes) return IceVerdict::unauthenticated;
    if (attributes->unknown_required) {
        answer = write_binding_error(message.transaction(), 420, password);
        return IceVerdict::answered;
    }
    if (attributes->ice_controlled) {
        // A lite agent is always the controlled one (RFC 8445 §6.1.1): the other side has to take the other role.
        answer = write_binding_error(message.transaction(), 487, password);
        return IceVerdict::answered;
    }
    heard_ = now;
    pair_of(from).heard = now;
    // The controlling side may nominate anew at any time, when its network changes; its last word counts.
    if (attributes->use_candidate) nominated_ = true;
    if (attributes->use_candidate || !selected_) selected_ = from;
    if (selected_ == from) selected_heard_ = now;
    answer = write_binding_success(message.transaction(), from, password);
    if (fresh) before_.reset();
    return IceVerdict::answered;
}

void LiteAgent::prefer(const SocketAddress& address, Instant now) {
    if (nominated_ || selected_ == address || !validated(address, now)) return;
    selected_ = address;
    selected_heard_ = now;
}

bool LiteAgent::validated(const SocketAddress& address, Instant now) const {
    return std::any_of(pairs_.begin(), pairs_.end(), [&](const Pair& pair) {
        return pair.used && pair.address == address && now < pair.heard + kConsentLost;
    });
}

bool LiteAgent::may_send(Instant now) const { return selected_ && now < selected_heard_ + kConsentStopsSending; }

}  // namespace confidente::media
