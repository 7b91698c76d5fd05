#![expect(clippy::float_arithmetic, reason = "estimates are fractions by nature")]

use proptest::prelude::*;

use super::*;

/// So many high, middle and low scores of a question.
fn answers(question: Question, [high, middle, low]: [usize; 3]) -> Vec<Score> {
    let scores = match question {
        Question::Csat => [5, 3, 1],
        Question::Nps => [10, 8, 0],
    };
    let many = |(value, count)| vec![question.score(value).unwrap(); count];
    scores.into_iter().zip([high, middle, low]).flat_map(many).collect()
}

fn result(question: Question, counts: [usize; 3]) -> Estimate {
    results(question, answers(question, counts)).result.unwrap()
}

#[track_caller]
fn close(found: Estimate, expected: [f64; 3]) {
    for (found, expected) in [found.value, found.low, found.high].into_iter().zip(expected) {
        assert!((found / 100.0 - expected).abs() <= 1e-9, "{found} %, not {expected}");
    }
}

/// `samples/generate.py` wrote them.
#[test]
fn a_thousand_samples_agree_with_an_independent_implementation() {
    let samples = include_str!("../samples/results.csv");
    let mut seen = 0;
    for line in samples.lines().skip(1) {
        let numbers: Vec<&str> = line.split(',').collect();
        let count = |at: usize| numbers[at].parse::<usize>().unwrap();
        let number = |at: usize| numbers[at].parse::<f64>().unwrap();
        let (all, high, low) = (count(0), count(1), count(2));
        let counts = [high, all - high - low, low];
        close(result(Question::Csat, counts), [3, 4, 5].map(number));
        close(result(Question::Nps, counts), [6, 7, 8].map(number));
        close(response_rate(high, all).unwrap(), [3, 4, 5].map(number));
        seen += 1;
    }
    assert_eq!(seen, 1000);
}

#[test]
fn every_score_is_counted_and_those_of_the_other_question_are_not() {
    let mut scores = answers(Question::Nps, [6, 3, 1]);
    scores.extend(answers(Question::Csat, [100, 100, 100]));
    let results = results(Question::Nps, scores);
    assert_eq!(results.answers, 10);
    let counts: Vec<(u8, usize)> =
        results.counts.iter().map(|one| (one.score, one.count)).collect();
    assert_eq!(counts.len(), 11);
    assert_eq!((counts[0], counts[8], counts[9], counts[10]), ((0, 1), (8, 3), (9, 0), (10, 6)));
    let shares = [results.low, results.middle, results.high].map(|share| share.count);
    assert_eq!(shares, [1, 3, 6]);
    let rounded = results.result.unwrap().rounded();
    assert_eq!((rounded.value, rounded.low, rounded.high), (50.0, 0.4, 77.6));
}

#[test]
fn nobody_answered_is_no_result_and_few_are_not_enough() {
    for question in Question::ALL {
        let none = results(question, []);
        assert_eq!((none.answers, none.result, none.high.percent), (0, None, None));
        let four = results(question, answers(question, [2, 1, 1]));
        assert!(four.result.is_some() && !four.is_enough, "{four:?}");
        assert!(results(question, answers(question, [3, 1, 1])).is_enough);
    }
    assert_eq!(response_rate(0, 0), None);
    let all = response_rate(3, 2).unwrap();
    assert_eq!((all.value, all.high), (100.0, 100.0), "an answer may come before its invitation");
}

#[test]
fn one_opinion_of_everybody_is_known_the_better_the_more_there_are() {
    let few = result(Question::Nps, [5, 0, 0]);
    let many = result(Question::Nps, [500, 0, 0]);
    assert_eq!((few.value, few.high, many.value), (100.0, 100.0, 100.0));
    assert!(few.low < many.low && many.low < 100.0, "{few:?} {many:?}");
}

proptest! {
    #[test]
    fn a_share_lies_within_its_interval_and_that_between_none_and_all(
        counts in prop::array::uniform3(0..5000_usize),
    ) {
        prop_assume!(counts != [0; 3]);
        for question in Question::ALL {
            let results = results(question, answers(question, counts));
            for share in [results.low, results.middle, results.high] {
                let Estimate { value, low, high } = share.percent.unwrap();
                prop_assert!(0.0 <= low && low <= value && value <= high && high <= 100.0);
            }
            let Estimate { value, low, high } = results.result.unwrap();
            prop_assert!(low <= value && value <= high, "{low} {value} {high}");
            prop_assert!(-100.000_000_1 <= low && high <= 100.000_000_1, "{low} {high}");
        }
    }

    #[test]
    fn who_turns_every_opinion_round_turns_the_result_round(
        counts in prop::array::uniform3(0..5000_usize),
    ) {
        prop_assume!(counts != [0; 3]);
        let [high, middle, low] = counts;
        let (one, other) =
            (result(Question::Nps, counts), result(Question::Nps, [low, middle, high]));
        for (one, other) in
            [(one.value, other.value), (one.low, other.high), (one.high, other.low)]
        {
            prop_assert!((one + other).abs() < 1e-9, "{one} {other}");
        }
    }
}
