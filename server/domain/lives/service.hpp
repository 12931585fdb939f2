// Lives: planned, on air, ended; who may publish them and who has entered.
//
// Invariants: a model is on air with one live at a time; a viewer pays the price once per live, in the transaction
// that makes the entry; an ended live never starts again; the stream key is stored as a digest and shown once.
// Errors: 404 `live_not_found`, 403 `not_owner`, 409 `already_live`, `live_ended`, `live_not_live`, 403
// `entry_required`, `blocked`; those of the charge (402 `insufficient_tokens`).
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/chat/service.hpp"
#include "platform/base/random.hpp"
#include "platform/base/result.hpp"
#include "platform/base/time.hpp"
#include "platform/db/database.hpp"

namespace confidente::lives {

inline constexpr std::string_view kTopic = "live";  ///< of the outbox: `{liveId, status}`
inline constexpr std::int64_t kMaxPrice = 100'000;  ///< tokens
inline constexpr Duration kPublisherGrace = 30s;    ///< a live without its publisher ends after this

struct Live {
    std::string id, model_id, chat_id, title, description, status;
    std::string model_name;
    std::optional<std::string> model_avatar;
    std::optional<UtcTime> scheduled_for, started_at;
    std::int64_t price = 0;                ///< tokens
    std::optional<std::int64_t> duration;  ///< minutes, as announced
    UtcTime created_at{}, updated_at{};
};

struct NewLive {
    std::string model_id, title, description;
    std::optional<UtcTime> scheduled_for;
    std::int64_t price = 0;
    std::optional<std::int64_t> duration;
};

/// What a viewer pays for entering.
struct Ticket {
    std::string live_id, user_id, model_id;
    std::int64_t price = 0;  ///< tokens, > 0
};
using Charge = std::function<Status(db::Transaction&, const Ticket&)>;

struct Filter {
    std::string status = {}, model_id = {};  ///< empty: any
    std::optional<std::string> before = {};  ///< a live's id: those created earlier
    std::int64_t limit = 20;
};

class Service {
public:
    Service(const Clock& clock, Random& random, chat::Service& chats, Charge charge)
        : clock_(clock), random_(random), chats_(chats), charge_(std::move(charge)) {}

    Result<Live> create(db::Transaction& tx, const NewLive& command);
    Result<Live> find(db::Transaction& tx, std::string_view live_id) const;
    /// Newest first.
    Result<std::vector<Live>> list(db::Transaction& tx, const Filter& filter) const;
    /// The live a model is on air with.
    Result<std::optional<Live>> current_of(db::Transaction& tx, std::string_view model_id) const;

    struct Started {
        Live live;
        std::string stream_key;  ///< a new one each time: the one before stops working
    };
    Result<Started> start(db::Transaction& tx, std::string_view live_id, std::string_view model_id);
    /// By its owner. Ending twice is ending once.
    Result<Live> end(db::Transaction& tx, std::string_view live_id, std::string_view model_id);
    /// By the server, when the publisher has been gone for kPublisherGrace. True when this ended it.
    Result<bool> publisher_lost(db::Transaction& tx, std::string_view live_id);

    /// The paid way in: charges once; the model enters free. Live on air only.
    Result<Live> enter(db::Transaction& tx, std::string_view live_id, std::string_view user_id);
    /// The way into the room: for the model, for who has entered, and for anyone when it costs nothing.
    Result<Live> visit(db::Transaction& tx, std::string_view live_id, std::string_view user_id);
    /// The live, when `stream_key` is its key now.
    Result<Live> find_by_key(db::Transaction& tx, std::string_view live_id, std::string_view stream_key) const;

private:
    Status announce(db::Transaction& tx, std::string_view live_id, std::string_view status) const;
    Result<bool> finish(db::Transaction& tx, std::string_view live_id);
    const Clock& clock_;
    Random& random_;
    chat::Service& chats_;
    Charge charge_;
};

}  // namespace confidente::lives
