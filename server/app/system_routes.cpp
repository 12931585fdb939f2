#include "app/system_routes.hpp"

#include <boost/json.hpp>

#include "platform/base/metrics.hpp"

namespace confidente::app {
namespace {

constexpr db::Query kReady{"ready", "SELECT COUNT(*) AS migrations FROM schema_migrations"};

Task<Result<http::Response>> ready(db::Database& database) {
    auto work = [](db::Transaction& tx) { return tx.query(kReady); };
    CO_TRY(const auto rows, co_await database.read(work));
    co_return http::Response::json(200,
                                   json::Object{{"status", "ready"}, {"migrations", rows[0].integer("migrations")}});
}

Task<Result<http::Response>> answer(http::Response response) { co_return response; }

/// Of what viewers' paths carry, and what they see of it.
void publish_quality_metrics(const media::Engine& engine) {
    metrics::registry().rendered(
        "confidente_media_viewer_estimate_bits_per_second",
        "Estimated capacity of viewers' paths; one observation for each viewer and second.", "histogram",
        [&engine](std::string& out) {
            const auto estimates = engine.stats().estimates;
            std::uint64_t total = 0;
            for (std::size_t i = 0; i < estimates.counts.size(); ++i) {
                total += estimates.counts[i];
                const bool last = i == estimates.kBoundsBps.size();
                const auto bound = last ? std::string{"+Inf"} : std::to_string(estimates.kBoundsBps[i]);
                metrics::append_series(out, "confidente_media_viewer_estimate_bits_per_second_bucket",
                                       "le=\"" + bound + "\"", double(total));
            }
            metrics::append_series(out, "confidente_media_viewer_estimate_bits_per_second_sum", {},
                                   double(estimates.sum_bps));
            metrics::append_series(out, "confidente_media_viewer_estimate_bits_per_second_count", {}, double(total));
        });
    metrics::registry().rendered(
        "confidente_media_viewers_by_layer", "Viewers by the layer they see, lowest = 0; none = the sound alone.",
        "gauge", [&engine](std::string& out) {
            const auto stats = engine.stats();
            for (std::size_t step = 0; step < stats.viewers_by_step.size(); ++step)
                metrics::append_series(out, "confidente_media_viewers_by_layer",
                                       "layer=\"" + std::to_string(step) + "\"", double(stats.viewers_by_step[step]));
            metrics::append_series(out, "confidente_media_viewers_by_layer", "layer=\"none\"",
                                   double(stats.viewers_starved));
        });
}

}  // namespace

void add_system_routes(http::Router& router, db::Database& database) {
    using http::Access;
    using http::Method;
    router.add({Method::get, "/api/health/live", Access::anyone(), http::Rate{}, [](http::Request) {
                    return answer(http::Response::json(200, json::Object{{"status", "live"}}));
                }});
    router.add({Method::get, "/api/health/ready", Access::anyone(), http::Rate{},
                [&database](http::Request) { return ready(database); }});
    router.add({Method::get, "/metrics", Access::anyone(), http::Rate{}, [](http::Request) {
                    return answer(http::Response::text(200, metrics::registry().scrape(),
                                                       "text/plain; version=0.0.4; charset=utf-8"));
                }});
}

void publish_engine_metrics(const media::Engine& engine) {
    struct Row {
        const char* name;
        const char* help;
        const char* type;
        std::uint64_t media::EngineStats::*value;
    };
    using Stats = media::EngineStats;
    static constexpr Row kRows[] = {
        {"confidente_media_packets_in_total", "Datagrams received.", "counter", &Stats::packets_in},
        {"confidente_media_packets_out_total", "Datagrams sent.", "counter", &Stats::packets_out},
        {"confidente_media_bytes_in_total", "UDP payload received.", "counter", &Stats::bytes_in},
        {"confidente_media_bytes_out_total", "UDP payload sent.", "counter", &Stats::bytes_out},
        {"confidente_media_dropped_stray_total", "From addresses no session validated.", "counter",
         &Stats::dropped_stray},
        {"confidente_media_dropped_malformed_total", "Neither STUN, DTLS, RTP nor RTCP.", "counter",
         &Stats::dropped_malformed},
        {"confidente_media_dropped_unauthenticated_total", "Wrong integrity or tag.", "counter",
         &Stats::dropped_unauthenticated},
        {"confidente_media_dropped_policed_total", "From publishers far above what they may send.", "counter",
         &Stats::dropped_policed},
        {"confidente_media_seconds_policed_total", "Seconds in which a publisher sent 1.5 times what it may.",
         "counter", &Stats::seconds_policed},
        {"confidente_media_nacks_in_total", "Packets viewers asked for again.", "counter", &Stats::nacks_in},
        {"confidente_media_nacks_out_total", "Packets asked for again from publishers.", "counter", &Stats::nacks_out},
        {"confidente_media_retransmitted_total", "Packets sent again.", "counter", &Stats::retransmitted},
        {"confidente_media_plis_in_total", "Keyframe requests of viewers.", "counter", &Stats::plis_in},
        {"confidente_media_plis_out_total", "Keyframe requests to publishers.", "counter", &Stats::plis_out},
        {"confidente_media_probes_out_total", "Packets that only asked whether more goes through.", "counter",
         &Stats::probes_out},
        {"confidente_media_layer_switches_total", "Times a viewer was given another layer.", "counter",
         &Stats::layer_switches},
        {"confidente_media_video_pauses_total", "Times a viewer was left with the sound alone.", "counter",
         &Stats::video_pauses},
        {"confidente_media_tcp_open", "Connections of media over TCP.", "gauge", &Stats::tcp_open},
        {"confidente_media_tcp_refused_total", "TCP connections beyond a limit.", "counter", &Stats::tcp_refused},
        {"confidente_media_tcp_closed_total", "TCP connections silent, stalled, unproven or broken.", "counter",
         &Stats::tcp_closed},
        {"confidente_media_tcp_dropped_total", "Datagrams for which a slow TCP reader had no room.", "counter",
         &Stats::tcp_dropped},
        {"confidente_media_publishers", "Connected publishers.", "gauge", &Stats::publishers},
        {"confidente_media_viewers", "Connected viewers.", "gauge", &Stats::viewers},
    };
    for (const Row& row : kRows)
        metrics::registry().callback(row.name, row.help, row.type,
                                     [&engine, value = row.value] { return double(engine.stats().*value); });
    publish_quality_metrics(engine);
}

}  // namespace confidente::app
