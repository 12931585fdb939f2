// Templates of database.hpp: how a typed work becomes the untyped one that the engines run.
#pragma once

#include <type_traits>

namespace confidente::db {

namespace detail {
/// Shared between the database thread that runs the work and the caller that waits for it.
template <class R, class F>
struct Pending {
    explicit Pending(F w) : work(std::move(w)) {}
    F work;
    std::optional<R> result;

    Status run(Transaction& tx) {
        result.emplace(work(tx));
        if (*result) return {};
        return result->error();
    }
    R take(const Status& committed) {
        // A work that failed says why itself; one that succeeded may still have lost its commit.
        if (!committed && (!result || result->has_value())) return committed.error();
        return std::move(*result);
    }
};

/// The same for one command of a batch.
template <class Command, class Answer>
struct Batched {
    explicit Batched(Command c) : command(std::move(c)) {}
    Command command;
    std::optional<Result<Answer>> result;

    Result<Answer> take(const Status& committed) {
        if (!committed && (!result || result->has_value())) return committed.error();
        return std::move(*result);
    }
};

template <class Command, class Answer>
WorkItem batched_item(const Batch<Command, Answer>& batch, std::shared_ptr<Batched<Command, Answer>> pending,
                      Done done) {
    auto alone = [&batch, pending](Transaction& tx) -> Status {
        void* command = pending.get();
        Status outcome;
        TRY_VOID(batch.run_all(tx, {&command, 1}, {&outcome, 1}));
        return outcome;
    };
    return {std::move(alone), std::move(done), &batch, std::move(pending)};
}
}  // namespace detail

template <class Command, class Answer>
Status Batch<Command, Answer>::run_all(Transaction& tx, std::span<void* const> commands,
                                       std::span<Status> outcomes) const {
    using Pending = detail::Batched<Command, Answer>;
    std::vector<const Command*> typed;
    for (void* command : commands) typed.push_back(&static_cast<Pending*>(command)->command);
    TRY(auto answers, run_(tx, typed));
    if (answers.size() != commands.size()) return internal_error("a batch did not answer every command");
    for (std::size_t i = 0; i < answers.size(); ++i) {
        outcomes[i] = answers[i] ? Status{} : Status{answers[i].error()};
        static_cast<Pending*>(commands[i])->result.emplace(std::move(answers[i]));
    }
    return {};
}

template <class F>
auto Database::run(F work, bool writes) -> Task<std::invoke_result_t<F&, Transaction&>> {
    using R = std::invoke_result_t<F&, Transaction&>;
    auto pending = std::make_shared<detail::Pending<R, F>>(std::move(work));
    std::function<void(Done)> begin = [this, pending, writes](Done done) {
        WorkItem item{[pending](Transaction& tx) { return pending->run(tx); }, std::move(done)};
        writes ? submit_write(std::move(item)) : submit_read(std::move(item));
    };
    Callback<Status> waiting{std::move(begin)};
    const Status committed = co_await waiting;
    co_return pending->take(committed);
}

template <class F>
auto Database::run_blocking(F work, bool writes) -> std::invoke_result_t<F&, Transaction&> {
    using R = std::invoke_result_t<F&, Transaction&>;
    auto pending = std::make_shared<detail::Pending<R, F>>(std::move(work));
    return pending->take(wait_for([&](Done done) {
        WorkItem item{[pending](Transaction& tx) { return pending->run(tx); }, std::move(done)};
        writes ? submit_write(std::move(item)) : submit_read(std::move(item));
    }));
}

template <class Command, class Answer>
Task<Result<Answer>> Database::write_batched(const Batch<Command, Answer>& batch, Command command) {
    auto pending = std::make_shared<detail::Batched<Command, Answer>>(std::move(command));
    std::function<void(Done)> begin = [this, &batch, pending](Done done) {
        submit_write(detail::batched_item(batch, pending, std::move(done)));
    };
    Callback<Status> waiting{std::move(begin)};
    const Status committed = co_await waiting;
    co_return pending->take(committed);
}

template <class Command, class Answer>
Result<Answer> Database::write_batched_blocking(const Batch<Command, Answer>& batch, Command command) {
    auto pending = std::make_shared<detail::Batched<Command, Answer>>(std::move(command));
    return pending->take(
        wait_for([&](Done done) { submit_write(detail::batched_item(batch, pending, std::move(done))); }));
}

template <class F>
auto Database::write(F work) -> Task<std::invoke_result_t<F&, Transaction&>> {
    return run(std::move(work), true);
}
template <class F>
auto Database::read(F work) -> Task<std::invoke_result_t<F&, Transaction&>> {
    return run(std::move(work), false);
}
template <class F>
auto Database::write_blocking(F work) -> std::invoke_result_t<F&, Transaction&> {
    return run_blocking(std::move(work), true);
}
template <class F>
auto Database::read_blocking(F work) -> std::invoke_result_t<F&, Transaction&> {
    return run_blocking(std::move(work), false);
}

}  // namespace confidente::db
