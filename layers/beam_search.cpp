#include "layers/beam_search.hpp"

#include <algorithm>

#include "core/math.hpp"
#include "layers/softmax.hpp"
#include "layers/target_words.hpp"

namespace lockstep::layers {

BeamSearch::BeamSearch(const EncoderDecoder& model, std::size_t rows, const WritingOptions& options)
    : model_(model),
      options_(options),
      rows_(rows),
      slots_(rows * options.beam_width),
      decoder_(model.step_decoder(options.beam_width)),
      ids_(slots_),
      logits_(slots_ * model.words()),
      workspace_(decoder_->workspace_floats()),
      scratch_(decoder_->scratch_floats()),
      h0_(model.state_floats() * slots_),
      h_(model.state_floats() * slots_) {
  if (!model.has_memory()) return;
  c0_ = Buffer<float>(h0_.size());
  c_ = Buffer<float>(h0_.size());
}

// Each row has one beginning, without words, in its first slot.
void BeamSearch::begin(const Lane& lane) {
  texts_.assign(rows_, {});
  const auto memory = model_.memory(lane);
  const std::size_t levels = model_.levels(), units = model_.state_floats() / levels;
  std::fill_n(h0_.data(), h0_.size(), 0.0f);
  std::fill_n(c0_.data(), c0_.size(), 0.0f);
  for (std::size_t n = 0; n < rows_; ++n) {
    const std::size_t slot = n * options_.beam_width;
    texts_[n].beginnings = {{{}, 0, slot}};
    for (std::size_t l = 0; l < levels; ++l) {
      std::copy_n(memory.h + (l * rows_ + n) * units, units,
                  h0_.data() + (l * slots_ + slot) * units);
      if (model_.has_memory())
        std::copy_n(memory.c + (l * rows_ + n) * units, units,
                    c0_.data() + (l * slots_ + slot) * units);
    }
  }
}

// Behind the step `from` has the states that the beginning in `to` goes on with.
void BeamSearch::copy_states(std::size_t from, std::size_t to) {
  const std::size_t levels = model_.levels(), units = model_.state_floats() / levels;
  for (std::size_t l = 0; l < levels; ++l) {
    const std::size_t row = l * slots_;
    std::copy_n(h_.data() + (row + from) * units, units, h0_.data() + (row + to) * units);
    if (model_.has_memory())
      std::copy_n(c_.data() + (row + from) * units, units, c0_.data() + (row + to) * units);
  }
}

void BeamSearch::end(Row& row, const WrittenText& words, double log_probability,
                     std::size_t length) const {
  const double score =
      log_probability / exp_exact(options_.length_penalty *
                                  log_exact(static_cast<double>(std::max<std::size_t>(length, 1))));
  if (row.ended++ > 0 && score <= row.best_score) return;
  row.best = words;
  row.best_score = score;
}

// The likeliest words behind a beginning: as many as the beam could take.
void BeamSearch::add_candidates(const Beginning& from, std::size_t index, const float* logits) {
  const std::size_t words = model_.words(), first = candidates_.size();
  const std::size_t most = 2 * options_.beam_width;
  const double shift = from.log_probability - log_sum_exp(logits, words);
  for (std::size_t w = kEndId; w < words; ++w) {
    const double log_probability = shift + static_cast<double>(logits[w]);
    if (candidates_.size() - first == most && log_probability <= candidates_.back().log_probability)
      continue;
    if (candidates_.size() - first == most) candidates_.pop_back();
    auto at = candidates_.end();
    while (at != candidates_.begin() + static_cast<std::ptrdiff_t>(first) &&
           std::prev(at)->log_probability < log_probability)
      --at;
    candidates_.insert(at, {log_probability, index, static_cast<std::int32_t>(w)});
  }
}

// Of the candidates the best go on; `position`: of the row's logits.
void BeamSearch::go_on(Row& row, std::size_t first_slot, std::size_t& position) {
  candidates_.clear();
  for (std::size_t i = 0; i < row.beginnings.size(); ++i, ++position)
    add_candidates(row.beginnings[i], i, logits_.data() + position * model_.words());
  std::stable_sort(candidates_.begin(), candidates_.end(), [](const auto& a, const auto& b) {
    return a.log_probability > b.log_probability;
  });
  std::vector<Beginning> next;
  for (std::size_t i = 0; i < candidates_.size() && next.size() < options_.beam_width; ++i) {
    const auto& candidate = candidates_[i];
    const auto& from = row.beginnings[candidate.beginning];
    if (candidate.word == kEndId) {
      if (i < options_.beam_width)
        end(row, from.words, candidate.log_probability, from.words.size() + 1);
      continue;
    }
    const std::size_t slot = first_slot + next.size();
    next.push_back({from.words, candidate.log_probability, slot});
    next.back().words.push_back(candidate.word);
    copy_states(from.slot, slot);
  }
  row.beginnings = std::move(next);
  if (row.ended >= options_.beam_width) row.beginnings.clear();
}

void BeamSearch::step(const Lane& lane) {
  std::fill_n(ids_.data(), slots_, 0.0f);  // a slot without a beginning has no step
  for (const auto& row : texts_) {
    for (const auto& beginning : row.beginnings) {
      ids_.data()[beginning.slot] =
          static_cast<float>(beginning.words.empty() ? kBeginId : beginning.words.back());
    }
  }
  auto encoded = model_.memory(lane).encoded;
  encoded.rows_of_each = options_.beam_width;
  RecurrentStates states;
  states.h0 = h0_.data();
  states.c0 = model_.has_memory() ? c0_.data() : nullptr;
  states.h = h_.data();
  states.c = model_.has_memory() ? c_.data() : nullptr;
  Lane own = lane;
  own.rows = slots_;
  own.row_ids = {};
  own.x = ids_.data();
  own.y = logits_.data();
  own.states = &states;
  own.workspace = workspace_.data();
  own.scratch = scratch_.data();
  decoder_->forward(own, encoded);
}

std::vector<WrittenText> BeamSearch::run(const Lane& lane) {
  begin(lane);
  const auto unfinished = [](const Row& row) { return !row.beginnings.empty(); };
  for (std::size_t words = 0;
       words < options_.max_words && std::any_of(texts_.begin(), texts_.end(), unfinished);
       ++words) {
    step(lane);
    std::size_t position = 0;
    for (std::size_t n = 0; n < rows_; ++n) go_on(texts_[n], n * options_.beam_width, position);
  }
  std::vector<WrittenText> texts;
  for (auto& row : texts_) {
    for (const auto& cut : row.beginnings)
      end(row, cut.words, cut.log_probability, cut.words.size());
    texts.push_back(std::move(row.best));
  }
  return texts;
}

}  // namespace lockstep::layers
