#include "domain/lives/media_sessions.hpp"

#include <algorithm>

#include "platform/crypto/hash.hpp"

namespace confidente::lives {

void MediaSessions::opened(std::string_view live_id, const std::string& media_session, Opener opener) {
    const std::scoped_lock lock{mutex_};
    known_.insert_or_assign(media_session, Known{std::string{live_id}, std::move(opener)});
    order_.push_back(media_session);
    while (order_.size() > kMaxRemembered) {
        if (const auto* forgotten = find(order_.front())) give_up_place(order_.front(), forgotten->opener.user_id);
        known_.erase(order_.front());
        order_.pop_front();
    }
}

MediaSessions::Known* MediaSessions::find(std::string_view media_session) {
    const auto found = known_.find(std::string{media_session});
    return found == known_.end() ? nullptr : &found->second;
}

void MediaSessions::give_up_place(const std::string& media_session, const std::string& user_id) {
    const auto theirs = watching_.find(user_id);
    if (theirs == watching_.end()) return;
    std::erase(theirs->second, media_session);
    if (theirs->second.empty()) watching_.erase(theirs);
}

std::optional<std::string> MediaSessions::watches(const std::string& media_session, std::size_t most) {
    const std::scoped_lock lock{mutex_};
    const auto* known = find(media_session);
    if (!known) return std::nullopt;
    auto& theirs = watching_[known->opener.user_id];
    theirs.push_back(media_session);
    if (theirs.size() <= most) return std::nullopt;
    const auto idle = std::find_if(theirs.begin(), std::prev(theirs.end()), [&](const std::string& one) {
        const auto* other = find(one);
        return !other || !other->connected;
    });
    const auto going = idle == std::prev(theirs.end()) ? theirs.begin() : idle;
    auto gone = std::move(*going);
    theirs.erase(going);
    return gone;
}

void MediaSessions::connected(std::string_view media_session) {
    const std::scoped_lock lock{mutex_};
    if (auto* known = find(media_session)) known->connected = true;
}

void MediaSessions::ended(std::string_view media_session) {
    const std::scoped_lock lock{mutex_};
    if (const auto* known = find(media_session)) give_up_place(std::string{media_session}, known->opener.user_id);
}

bool MediaSessions::is_opener(std::string_view live_id, std::string_view media_session,
                              std::string_view credential) const {
    const std::scoped_lock lock{mutex_};
    const auto found = known_.find(std::string{media_session});
    return found != known_.end() && found->second.live_id == live_id &&
           crypto::constant_time_equal(found->second.opener.credential, credential);
}

std::optional<std::string> MediaSessions::user_of(std::string_view media_session) const {
    const std::scoped_lock lock{mutex_};
    const auto found = known_.find(std::string{media_session});
    return found == known_.end() ? std::nullopt : std::optional{found->second.opener.user_id};
}

std::string MediaSessions::etag_of(std::string_view media_session) const {
    const std::scoped_lock lock{mutex_};
    const auto found = known_.find(std::string{media_session});
    return found == known_.end() ? std::string{} : found->second.opener.etag;
}

void MediaSessions::restarted(std::string_view media_session, std::string etag) {
    const std::scoped_lock lock{mutex_};
    const auto found = known_.find(std::string{media_session});
    if (found != known_.end()) found->second.opener.etag = std::move(etag);
}

template <class Wanted>
std::vector<std::string> MediaSessions::those(Wanted wanted) const {
    std::vector<std::string> found;
    const std::scoped_lock lock{mutex_};
    for (const auto& [media_session, known] : known_)
        if (wanted(known.opener)) found.push_back(media_session);
    return found;
}

std::vector<std::string> MediaSessions::of_session(std::string_view session_id) const {
    if (session_id.empty()) return {};
    return those([&](const Opener& opener) { return opener.session_id == session_id; });
}

std::vector<std::string> MediaSessions::of_keys(std::string_view user_id) const {
    return those([&](const Opener& opener) { return opener.session_id.empty() && opener.user_id == user_id; });
}

}  // namespace confidente::lives
