#include "data/features/cleaning/weight_by_class.hpp"

#include <fmt/core.h>

#include <cmath>
#include <tuple>

#include "core/error.hpp"
#include "data/features/cleaning/cells.hpp"

namespace lockstep::data {
namespace {

/// Counts the rows of every class. Labels are numbers or strings, so that one of the maps is empty.
class CountClasses {
 public:
  struct Partial {
    std::map<double, std::uint64_t> numbers;
    std::map<std::string, std::uint64_t> texts;
    static constexpr auto kFields = std::make_tuple(&Partial::numbers, &Partial::texts);
  };

  CountClasses(std::string column, std::string field)
      : column_(std::move(column)), field_(std::move(field)) {}

  Partial map(const Partition& partition) const {
    const Column& labels = partition.column(column_);
    Partial partial;
    for (std::size_t row = 0; row < partition.rows(); ++row) {
      if (is_absent(labels, row)) {
        throw DataError(fmt::format("the label in {} is missing", row_name(partition, row)),
                        {.field = field_}, "drop such rows first, with drop_nulls");
      }
      if (const auto* numbers = std::get_if<Numbers>(&labels)) {
        ++partial.numbers[numbers->values[row]];
      } else {
        ++partial.texts[std::string(std::get<Strings>(labels).text(row))];
      }
      check_size(partial);
    }
    return partial;
  }

  Partial merge(Partial left, const Partial& right) const {
    for (const auto& [label, rows] : right.numbers) left.numbers[label] += rows;
    for (const auto& [label, rows] : right.texts) left.texts[label] += rows;
    check_size(left);
    return left;
  }

  Partial finish(Partial total) const { return total; }

 private:
  void check_size(const Partial& partial) const {
    if (partial.numbers.size() + partial.texts.size() <= WeightByClass::kMostClasses) return;
    throw DataError(
        fmt::format("'{}' has more than {} classes", column_, WeightByClass::kMostClasses),
        {.field = field_}, "name a column of classes");
  }

  std::string column_, field_;
};

template <typename Classes, typename Text>
void save_weights(const Classes& classes, std::uint64_t rows, const Text& text,
                  proto::WeightByClassModel& model) {
  for (const auto& [label, own] : classes) {
    model.add_label(text(label));
    model.add_weight(static_cast<double>(rows) /
                     (static_cast<double>(classes.size()) * static_cast<double>(own)));
  }
}

}  // namespace

WeightByClass::WeightByClass(const proto::WeightByClass& config, std::string at)
    : config_(config), at_(std::move(at)) {
  if (config_.model().label_size() != config_.model().weight_size()) {
    throw ConfigError("the model has not as many weights as labels", {.field = at_ + ".model"},
                      "the model is damaged: train again");
  }
  read_model();
}

void WeightByClass::read_model() {
  for (int i = 0; i < config_.model().label_size(); ++i) {
    const std::string& label = config_.model().label(i);
    of_text_.emplace(label, config_.model().weight(i));
    if (const auto number = number_from_text(label))
      of_number_.emplace(*number, config_.model().weight(i));
  }
}

Schema WeightByClass::output_schema(const Schema& input) const {
  input_column(input, config_.label_col(), {ColumnType::Kind::Number, ColumnType::Kind::String},
               at_ + ".label_col");
  Schema output = input;
  add_output(output, config_.output_col(), {ColumnType::Kind::Number}, at_ + ".output_col");
  return output;
}

void WeightByClass::fit(const TrainingRows& fitting) {
  const auto counts = fitting.run(CountClasses(config_.label_col(), at_ + ".label_col"));
  std::uint64_t rows = 0;
  for (const auto& [label, own] : counts.numbers) rows += own;
  for (const auto& [label, own] : counts.texts) rows += own;
  config_.clear_model();
  auto& model = *config_.mutable_model();
  const auto number_text = [](double label) { return fmt::format("{}", label); };
  save_weights(counts.numbers, rows, number_text, model);
  save_weights(
      counts.texts, rows, [](const std::string& label) { return label; }, model);
  read_model();
}

Effect WeightByClass::transform(Partition& partition, Phase phase) const {
  const Column& labels = partition.column(config_.label_col());
  const auto* numbers = std::get_if<Numbers>(&labels);
  std::vector<double> weights(partition.rows(), kMissing);
  for (std::size_t row = 0; row < weights.size(); ++row) {
    bool known = false;
    const auto weigh = [&](const auto& classes, const auto& label) {
      const auto found = classes.find(label);
      known = found != classes.end();
      if (known) weights[row] = found->second;
    };
    if (!is_absent(labels, row)) {
      numbers ? weigh(of_number_, numbers->values[row])
              : weigh(of_text_, std::get<Strings>(labels).text(row));
    }
    if (!known && phase == Phase::Training) {
      throw DataError(fmt::format("the class of {} is not among the {} that were learnt",
                                  row_name(partition, row), of_text_.size()),
                      {.field = at_ + ".label_col"}, "train with rows of every class");
    }
  }
  partition.columns.insert_or_assign(config_.output_col(), Numbers{std::move(weights)});
  return {};
}

proto::Stage WeightByClass::save() const {
  proto::Stage stage;
  *stage.mutable_weight_by_class() = config_;
  return stage;
}

}  // namespace lockstep::data
