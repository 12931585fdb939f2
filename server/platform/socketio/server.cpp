#include "platform/socketio/server.hpp"

#include <algorithm>
#include <boost/json.hpp>

#include "platform/base/check.hpp"
#include "platform/socketio/hub.hpp"

namespace confidente::socketio {
namespace {

constexpr std::size_t kIdLength = 20;  // characters of six random bits each, as the official server's ids
/// Longer than any access token lives, and as many as fit a bounded memory.
constexpr Duration kEndedSessionKept = 20min;
constexpr std::size_t kMaxEndedSessions = 100'000;

std::string user_room(std::string_view id) { return "user:" + std::string(id); }
std::string session_room(std::string_view id) { return "session:" + std::string(id); }

EngineConfig engine_config(const Config& config) {
    return {.ping_interval = config.ping_interval,
            .ping_timeout = config.ping_timeout,
            .max_payload = kMaxMessage,
            .max_queued_bytes = config.max_queued_bytes,
            .slow_timeout = config.slow_timeout};
}

}  // namespace

std::unique_ptr<Server> Server::make(Config config, http::Authenticator authenticator, const Clock& clock,
                                     Random& random) {
    return std::make_unique<Hub>(std::move(config), std::move(authenticator), clock, random);
}

Hub::Hub(Config config, http::Authenticator authenticator, const Clock& clock, Random& random)
    : config_(std::move(config)),
      engine_config_(engine_config(config_)),
      authenticator_(std::move(authenticator)),
      clock_(clock),
      random_(random),
      engine_(
          engine_config_, "/socket.io/",
          [this](std::shared_ptr<EngineSocket> socket, const http::Request& request) {
              Metrics::get().open.add(1);
              return std::make_shared<Session>(*this, std::move(socket), std::string(request.language()));
          },
          clock, random),
      fan_out_(config_.pace, clock, [this] {
          const std::lock_guard lock(mutex_);
          return rooms_.take(clock_.now());
      }) {}

void Hub::add(EventRow row) {
    const std::string name(row.name);
    check(rows_.emplace(name, std::move(row)).second);
}

std::vector<const EventRow*> Hub::rows() const {
    std::vector<const EventRow*> all;
    for (const auto& [name, row] : rows_) all.push_back(&row);
    return all;
}

void Hub::add_namespace(OpenNamespace space) {
    const auto name = space.name;
    check(spaces_.emplace(name, std::move(space)).second);
}

const EventRow* Hub::row(std::string_view event) const {
    const auto found = rows_.find(event);
    return found == rows_.end() ? nullptr : &found->second;
}

const OpenNamespace* Hub::open_namespace(std::string_view nsp) const {
    const auto found = spaces_.find(nsp);
    return found == spaces_.end() ? nullptr : &found->second;
}

std::string Hub::make_id() const { return random_.token(kIdLength); }

EventLog::Rooms Hub::Member::all_rooms() const {
    auto all = rooms;
    all.emplace(user_room(principal->user_id), since);
    all.emplace(session_room(principal->session_id), since);
    return all;
}

Result<Admission> Hub::admit(std::shared_ptr<Session> session, const SharedPrincipal& principal,
                             const Comeback& comeback) {
    const std::lock_guard lock(mutex_);
    if (ended_.count(principal->session_id) != 0)
        return Error{.kind = ErrorKind::unauthenticated, .code = "invalid_token", .detail = "The session has ended."};
    if (auto recovered = recover(session, principal, comeback)) return std::move(*recovered);
    const auto room = user_room(principal->user_id);
    const std::size_t open = rooms_.size(room);
    if (open >= kMaxSocketsPerUser)
        return Error{.kind = ErrorKind::too_many, .code = "too_many_sockets", .detail = "Too many sockets at once."};
    Member member;
    member.session = session;
    member.principal = principal;
    member.since = log_.last();
    member.first = open == 0;
    if (config_.recovery_window > Duration{0}) member.pid = make_id();
    Admission admission{make_id(), member.pid};
    session->set_socket_id(admission.socket_id);
    for (const auto& [name, since] : member.all_rooms()) rooms_.enter(name, session);
    if (!member.pid.empty()) pids_[member.pid] = admission.socket_id;
    members_[admission.socket_id] = std::move(member);
    return admission;
}

/// The same user with the same session and the secret of that client gets its place back, whether its line is known
/// to be broken or not yet.
std::optional<Admission> Hub::recover(const std::shared_ptr<Session>& session, const SharedPrincipal& principal,
                                      const Comeback& comeback) {
    const auto pid = pids_.find(comeback.pid);
    if (comeback.pid.empty() || pid == pids_.end()) return std::nullopt;
    const auto found = members_.find(pid->second);
    auto& member = found->second;
    if (member.principal->user_id != principal->user_id || member.principal->session_id != principal->session_id)
        return std::nullopt;
    auto missed =
        log_.missed(comeback.offset.value_or(member.since), member.all_rooms(), found->first, config_.max_queued_bytes);
    if (!missed) return std::nullopt;
    if (member.session) {
        // Its old connection is dead and nobody has noticed yet.
        const auto old = std::exchange(member.session, nullptr);
        for (const auto& [room, since] : member.all_rooms()) rooms_.exit(room, *old);
        if (auto* executor = Executor::current()) executor->post([old] { old->replace(); });
    } else {
        away_.erase(found->first);
        for (const auto& [room, since] : member.all_rooms())
            if (--away_rooms_[room] == 0) away_rooms_.erase(room);
        member.came_back = member.was_told_away;
    }
    member.was_told_away = false;
    member.first = rooms_.size(user_room(principal->user_id)) == 0 && member.came_back;
    member.session = session;
    member.principal = principal;
    session->set_socket_id(found->first);
    for (const auto& [room, since] : member.all_rooms()) rooms_.enter(room, session);
    Metrics::get().recovered.add();
    return Admission{found->first, member.pid, std::move(*missed)};
}

void Hub::admitted(const Session& session) {
    SharedPrincipal principal;
    bool first = false, came_back = false;
    std::vector<std::string> rooms;
    {
        const std::lock_guard lock(mutex_);
        const auto member = members_.find(session.socket_id());
        if (member == members_.end() || member->second.session.get() != &session) return;
        principal = member->second.principal;
        first = std::exchange(member->second.first, false);
        came_back = std::exchange(member->second.came_back, false);
        for (const auto& [room, since] : member->second.rooms) rooms.push_back(room);
    }
    if (first && on_online_) on_online_(principal->user_id, true);
    if (came_back && on_recover_) on_recover_(*principal, session.socket_id(), rooms);
}

void Hub::disconnected(Session& session, const CloseReason& reason) {
    Metrics::get().open.add(-1);
    std::vector<std::string> rooms;
    SharedPrincipal principal;
    bool last = false;
    {
        const std::lock_guard lock(mutex_);
        const auto member = members_.find(session.socket_id());
        if (member == members_.end() || member->second.session.get() != &session) return;
        principal = member->second.principal;
        for (const auto& [room, since] : member->second.rooms) rooms.push_back(room);
        const bool may_return = reason.recoverable && config_.recovery_window > Duration{0} &&
                                away_.size() < kMaxAway && ended_.count(principal->session_id) == 0;
        const auto held = std::exchange(member->second.session, nullptr);
        for (const auto& [room, since] : member->second.all_rooms()) rooms_.exit(room, *held);
        if (may_return)
            go_away(member);
        else
            forget(member);
        last = rooms_.size(user_room(principal->user_id)) == 0;
    }
    if (on_disconnect_) on_disconnect_(*principal, session.socket_id(), rooms);
    if (last && on_online_) on_online_(principal->user_id, false);
}

void Hub::go_away(Members::iterator member) {
    member->second.away_until = clock_.now() + config_.recovery_window;
    member->second.was_told_away = true;
    away_.insert(member->first);
    for (const auto& [room, since] : member->second.all_rooms()) ++away_rooms_[room];
}

void Hub::forget(Members::iterator member) {
    if (away_.erase(member->first) != 0)
        for (const auto& [room, since] : member->second.all_rooms())
            if (--away_rooms_[room] == 0) away_rooms_.erase(room);
    pids_.erase(member->second.pid);
    members_.erase(member);
}

void Hub::forget_away(const std::function<bool(const Member&)>& whose) {
    const std::vector<std::string> away(away_.begin(), away_.end());
    for (const auto& socket_id : away)
        if (const auto member = members_.find(socket_id); whose(member->second)) forget(member);
}

bool Hub::join(std::string_view socket_id, std::string_view room) {
    const std::lock_guard lock(mutex_);
    const auto member = members_.find(std::string(socket_id));
    if (member == members_.end() || !member->second.session) return false;
    auto& rooms = member->second.rooms;
    const std::string name(room);
    if (rooms.count(name) != 0) return true;
    if (rooms.size() >= kMaxRoomsPerSocket) return false;
    rooms.emplace(name, log_.last());
    rooms_.enter(name, member->second.session);
    return true;
}

void Hub::leave(std::string_view socket_id, std::string_view room) {
    const std::lock_guard lock(mutex_);
    const auto member = members_.find(std::string(socket_id));
    const std::string name(room);
    if (member == members_.end() || member->second.rooms.erase(name) == 0) return;
    if (member->second.session)
        rooms_.exit(name, *member->second.session);
    else if (--away_rooms_[name] == 0)
        away_rooms_.erase(name);
}

bool Hub::is_volatile(std::string_view event) const {
    return std::find(config_.volatile_events.begin(), config_.volatile_events.end(), event) !=
           config_.volatile_events.end();
}

void Hub::emit(std::string_view room, std::string_view event, const json::Value& payload,
               std::string_view except_socket) {
    const bool passing = is_volatile(event);
    const bool kept = config_.recovery_window > Duration{0} && !passing;
    const std::string name(room);
    {
        const std::lock_guard lock(mutex_);
        if (rooms_.size(name) == 0 && (!kept || away_rooms_.count(name) == 0)) return;
    }
    auto text = encode_event(event, payload);
    {
        const std::lock_guard lock(mutex_);
        // Numbered, kept and said in one step, so that nobody gets it twice or never.
        if (kept) add_offset(text, std::to_string(log_.next()));
        const Frame frame{std::make_shared<const std::string>(std::move(text)), false};
        if (kept) log_.append(room, frame, except_socket, clock_.now());
        rooms_.say(room, frame, passing, except_socket);
    }
    fan_out_.wake();
}

void Hub::emit_to_user(std::string_view user_id, std::string_view event, const json::Value& payload,
                       std::string_view except_socket) {
    emit(user_room(user_id), event, payload, except_socket);
}

void Hub::ask(std::string_view socket_id, std::string_view event, const json::Value& payload, Duration timeout,
              std::function<void(Result<json::Value>)> answered) {
    std::shared_ptr<Session> session;
    {
        const std::lock_guard lock(mutex_);
        const auto member = members_.find(std::string(socket_id));
        if (member != members_.end()) session = member->second.session;
    }
    if (!session)
        return answered(
            Error{.kind = ErrorKind::not_found, .code = "unanswered", .detail = "The client is not connected."});
    const json::Array arguments{json::Value(event), payload};
    session->ask("/", arguments, timeout, [answered](Result<json::Value> values, const Attachments&) {
        if (!values) return answered(values.error());
        const auto& array = values->get_array();
        answered(array.empty() ? json::Value{} : array.front());
    });
}

std::size_t Hub::room_size(std::string_view room) const {
    const std::lock_guard lock(mutex_);
    return rooms_.size(room);
}

bool Hub::online(std::string_view user_id) const { return room_size(user_room(user_id)) != 0; }

/// With the mutex held. Whoever goes hears first what was said before.
void Hub::dismiss(const std::string& room, std::string_view reason) {
    for (auto& listener : rooms_.members(room)) rooms_.dismiss(std::move(listener), reason);
}

void Hub::disconnect_user(std::string_view user_id) {
    {
        const std::lock_guard lock(mutex_);
        forget_away([user_id](const Member& member) { return member.principal->user_id == user_id; });
        dismiss(user_room(user_id), "disconnected");
    }
    fan_out_.wake();
}

void Hub::disconnect_session(std::string_view session_id) {
    {
        const std::lock_guard lock(mutex_);
        if (ended_.size() < kMaxEndedSessions) ended_[std::string(session_id)] = clock_.now() + kEndedSessionKept;
        forget_away([session_id](const Member& member) { return member.principal->session_id == session_id; });
        dismiss(session_room(session_id), "session ended");
    }
    fan_out_.wake();
}

void Hub::close_all() {
    fan_out_.stop();
    engine_.close_all();
}

void Hub::tick() {
    engine_.tick();
    const std::lock_guard lock(mutex_);
    const Instant now = clock_.now();
    forget_away([now](const Member& member) { return member.away_until <= now; });
    std::erase_if(ended_, [now](const auto& entry) { return entry.second <= now; });
    log_.trim(now - config_.recovery_window);
}

}  // namespace confidente::socketio
