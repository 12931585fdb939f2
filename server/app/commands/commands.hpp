// What the program can do, one function a command. Each returns the exit status; what went wrong is one line on
// standard error, in words a person understands.
#pragma once

#include <string>

#include "app/config.hpp"

namespace confidente::app {

/// Starts the server and stays until SIGTERM or SIGINT; 0 after a clean stop.
int serve(const Config& config, bool demo);
/// Prints every route and socket event with its access rule and rate, as JSON; needs no data folder.
int routes(const Config& config);
/// Brings the database to this program's tables.
int migrate(const Config& config);
/// Proves the ledger's invariants; 1 and the first wrong row if one does not hold.
int ledger_verify(const Config& config);
/// Proves the audit log's chain against its signed witnesses; 1 and the first wrong row if it does not hold.
int audit_verify(const Config& config);
/// Makes the next signing key; a running server takes it up by itself and refuses nobody.
int keys_roll(const Config& config);
/// Makes an administrator; the password is read from standard input.
int admin_create(const Config& config, const std::string& email, const std::string& name);
/// Fills a running server with models, lives and one synthetic broadcast; runs until SIGTERM.
int demo(const std::string& url);

/// Prints `error: …` and returns 1.
int fail(const Error& error);

}  // namespace confidente::app
