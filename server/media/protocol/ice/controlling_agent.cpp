#include "media/protocol/ice/controlling_agent.hpp"

#include <algorithm>

namespace confidente::media {

namespace {
constexpr std::uint32_t kHostPriority = (126U << 24) | (65'535U << 8) | 255U;  // RFC 8445 §5.1.2.1, component 1
}

ControllingAgent::ControllingAgent(IceCredentials ours, IceCredentials theirs, SocketAddress remote, Random& random,
                                   Instant now)
    : username_(theirs.ufrag + ":" + ours.ufrag),
      password_(std::move(theirs.pwd)),
      remote_(remote),
      random_(random),
      tie_breaker_(random.u64()),
      next_check_(now),
      heard_(now) {}

void ControllingAgent::restart(const IceCredentials& ours, IceCredentials theirs, Instant now) {
    username_ = theirs.ufrag + ":" + ours.ufrag;
    password_ = std::move(theirs.pwd);
    next_check_ = now;
}

std::optional<Buffer> ControllingAgent::tick(Instant now) {
    if (now < next_check_) return std::nullopt;
    next_check_ = now + (connected_ ? kConsentInterval : kCheckInterval);
    auto& transaction = open_[sent_++ % kMaxOpenChecks];
    random_.fill(std::as_writable_bytes(std::span{transaction}));
    return write_binding_request({.transaction = transaction,
                                  .username = username_,
                                  .password = password_,
                                  .priority = kHostPriority,
                                  .tie_breaker = tie_breaker_,
                                  .use_candidate = true});
}

bool ControllingAgent::receive(const StunMessage& message, const SocketAddress& from, Instant now) {
    if (message.message_class() != StunClass::success || from != remote_) return false;
    const auto known = std::find(open_.begin(), open_.end(), message.transaction());
    if (sent_ == 0 || known == open_.end() || !message.authenticate(password_)) return false;
    heard_ = now;
    if (!connected_) next_check_ = now + kConsentInterval;
    connected_ = true;
    return true;
}

}  // namespace confidente::media
