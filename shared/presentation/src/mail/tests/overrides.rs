//! Owners' own templates: used, broken, and making marketing of what is none.

use super::*;

/// The sample program with an owner's template.
fn with(kind: Kind, keys: &str) -> Program {
    let (kind, language) = (kind.as_str(), "en");
    let template =
        format!("[[mail.template]]\nkind = \"{kind}\"\nlanguage = \"{language}\"\n{keys}\n");
    Program::parse(&format!("{CORNER_BAKERY}\n{template}")).unwrap()
}

fn body(kind: Kind, body: &str) -> Program {
    with(kind, &format!("body = '''{body}'''"))
}

fn of(program: &Program, kind: Kind) -> Written {
    Case::new(kind, Language::En, program).write()
}

fn told(program: &Program) -> Vec<String> {
    check(program).iter().map(ToString::to_string).collect()
}

#[test]
fn an_owners_words_are_used_in_their_language_and_ours_in_the_other() {
    let program = with(
        Kind::Receipt,
        "subject = \"Yum: {{ points|points }}\"\nbody = \"# {{ points|number }}\\n\\n[See what we \
         hold for you]({{ links.preferences }})\"",
    );
    assert_eq!(told(&program), [""; 0]);
    let written = of(&program, Kind::Receipt);
    assert_eq!(written.subject, "Yum: 450 points");
    assert_eq!(written.preheader, "Thank you. You have 1,240 points now.");
    assert!(written.text.starts_with(
        "Hello Ada,\n\n450\n\nSee what we hold for you: https://regulars.example/p/T0ken\n\nYou have"
    ), "{}", written.text);
    assert!(!written.marketing);
    assert_eq!(written.broken, []);
    let german = Case::new(Kind::Receipt, Language::De, &program).write();
    assert_eq!(german.subject, "450 Punkte von Corner Bakery");
}

#[test]
fn a_broken_body_is_told_and_ours_goes_out_with_the_owners_subject() {
    let ours = of(&bakery(), Kind::Receipt);
    for (broken, line, message) in [
        (
            "Hi\n\nYou have {{ pionts }}.",
            Some(3),
            "there is no `pionts` here; there are balance, links, name, points, program, purchases, shop",
        ),
        (
            "You have {{ points",
            Some(1),
            "can't be read: unexpected end of input, expected end of variable block",
        ),
        (
            "{% for a in 'abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz' %}{% for b in 'abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz' %}{% for c in 'abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz' %}y{% endfor %}{% endfor %}{% endfor %}",
            Some(1),
            "takes too long: it may repeat itself without end",
        ),
        ("{% if points > 5000 %}Many{% endif %}", None, "says nothing"),
        (
            "{{ links.home }}",
            Some(1),
            "there is no `links.home` here; there are links.preferences, links.unsubscribe, links.why",
        ),
    ] {
        let program = with(Kind::Receipt, &format!("subject = \"Yum\"\nbody = '''{broken}'''"));
        let written = of(&program, Kind::Receipt);
        assert_eq!((written.subject.as_str(), &written.text), ("Yum", &ours.text), "{broken}");
        let [told] = written.broken.as_slice() else { panic!("{broken}: {:?}", written.broken) };
        assert_eq!((told.line, told.message.as_str(), told.part), (line, message, Part::Body));
        let place = line.map_or(String::new(), |line| format!(", line {line}"));
        let sentence = format!("mail.template for receipt in en, body{place}: {message}");
        assert_eq!(told.to_string(), sentence);
        assert_eq!(self::told(&program), [sentence]);
    }
}

#[test]
fn what_fails_with_some_facts_only_is_found_by_checking_and_never_stops_a_mail() {
    let program = body(Kind::PointsTakenBack, "{{ returned|money }} and {{ points|points }}.");
    let sentence = "mail.template for points-taken-back in en, body, line 1: `money` needs an \
                    amount of money, not a none";
    assert_eq!(told(&program), [sentence]);
    let mut case = Case::new(Kind::PointsTakenBack, Language::En, &program);
    assert_eq!(case.write().broken, []);
    assert!(case.write().text.contains("$10.00 and 100 points."));
    case.sections = vec![Section::PointsTakenBack { points: Points(5), returned: None }];
    let written = case.write();
    assert_eq!(written.broken[0].to_string(), sentence);
    assert!(written.text.contains("so 5 points went back too"), "{}", written.text);
}

#[test]
fn no_mail_of_ours_makes_marketing_of_itself() {
    let program = bakery();
    for kind in Kind::ALL.into_iter().filter(|kind| kind.class() != Class::Marketing) {
        for language in Language::ALL {
            let built_in::BuiltIn { subject, preheader, body } = built_in::of(kind, language);
            let own = |text: &str| Some(text.to_owned());
            let (subject, preheader, body) = (own(subject), own(preheader), own(body));
            let own = TemplateOverride { kind, language, subject, preheader, body };
            assert_eq!(offer::found(&own, &program), None, "{kind:?} {language:?}");
        }
    }
}

#[test]
fn what_makes_marketing_of_a_receipt_is_quoted() {
    for (text, why) in [
        ("Everything is 20 % off.", "its body has an amount or a share (\"%\")"),
        ("Worth $5 to you.", "its body has an amount or a share (\"$\")"),
        ("Get a discount with {{ points }}.", "its body speaks of an offer (\"discount\")"),
        ("Get a DIS**count** now.", "its body speaks of an offer (\"discount\")"),
        ("Jetzt  bestellen!", "its body speaks of an offer (\"bestell\")"),
        ("Rabatte für dich", "its body speaks of an offer (\"rabatt\")"),
        ("Get a dis{# #}count.", "its body speaks of an offer (\"discount\")"),
        ("Get a *dis*count.", "its body speaks of an offer (\"discount\")"),
        ("Everything is 20 &percnt; off.", "its body has an amount or a share (\"%\")"),
        ("See corner.example/cakes.", "its body leads somewhere else (corner.example/cakes.)"),
        ("Come\nback soon", "its body speaks of an offer (\"come back\")"),
        ("{% if points > 9000 %}Buy more{% endif %}Hi", "its body speaks of an offer (\"buy\")"),
        (
            "We have a loaf of your choice.",
            "its body names what the shop sells or gives (\"A loaf of your choice\")",
        ),
        (
            "[Look at this](https://corner.example/new)",
            "its body leads somewhere else (a link of its own)",
        ),
        (
            "![Cake](https://corner.example/cake.png)",
            "its body leads somewhere else (a link of its own)",
        ),
        (
            "[Look]({{ 'https:' ~ '/' ~ '/corner.example' }})",
            "its body leads somewhere else (https://corner.example)",
        ),
    ] {
        let program = body(Kind::Receipt, text);
        let sentence = format!(
            "mail.template for receipt in en: {why}, which makes it marketing: who didn't agree \
             to marketing gets our words instead"
        );
        assert_eq!(told(&program), [sentence], "{text}");
        let mut case = Case::new(Kind::Receipt, Language::En, &program);
        let without = case.write();
        assert_eq!((without.text, without.marketing), (of(&bakery(), Kind::Receipt).text, false));
        case.marketing_allowed = true;
        let with = case.write();
        assert!(with.marketing && with.text.contains("No more mail like this"), "{}", with.text);
    }
}

#[test]
fn plain_thanks_is_no_marketing() {
    for text in [
        "Thank you, {{ name }}! Your {{ points|points }} are here.",
        "Danke! {{ points|points }} mehr für dich.",
        "You can see why [on this page]({{ links.why }}).",
        "It was a pleasure to bake for you; feel at home, and write to us freely.",
    ] {
        assert_eq!(told(&body(Kind::Receipt, text)), [""; 0], "{text}");
    }
}

#[test]
fn a_notice_or_an_answer_with_an_offer_is_refused_and_never_used() {
    let of_class = |kind: &Kind| matches!(kind.class(), Class::AskedFor | Class::Account);
    for kind in Kind::ALL.into_iter().filter(|kind| of_class(kind) && !kind.has_switch()) {
        let program = body(kind, "Everything is on sale.");
        let kind_name = kind.as_str();
        let refused = format!(
            "mail.template for {kind_name} in en: its body speaks of an offer (\"sale\"), and a \
             mail of this kind may not be marketing; leave that out"
        );
        assert_eq!(told(&program).last(), Some(&refused));
        let mut case = Case::new(kind, Language::En, &program);
        case.marketing_allowed = true;
        let written = case.write();
        assert_eq!((written.text, written.marketing), (of(&bakery(), kind).text, false));
    }
}

#[test]
fn marketing_may_be_as_it_likes() {
    let program =
        body(Kind::WinBack, "Everything is 20 % off: [buy something](https://corner.example).");
    assert_eq!(told(&program), [""; 0]);
    assert!(of(&program, Kind::WinBack).text.contains("buy something: https://corner.example"));
}

#[test]
fn a_template_names_itself_a_voucher_where_it_is_one() {
    let program = body(Kind::RewardIssued, "Your voucher for {{ reward }}: {{ code }}");
    assert_eq!(told(&program), [""; 0]);
    assert!(
        of(&program, Kind::RewardIssued).text.contains("Your voucher for A coffee: K7M-PQ2-XWA")
    );
}

#[test]
fn the_sample_programs_example_of_a_template_is_right() {
    let (before, example) = CORNER_BAKERY.split_once("# [[mail.template]]").unwrap();
    // What stands under it is another section's.
    let (example, _) = example.split_once("\n\n").unwrap();
    let example =
        example.lines().map(|line| line.strip_prefix("# ").unwrap_or(line.trim_matches('#')));
    let example = example.collect::<Vec<_>>().join("\n");
    let program = Program::parse(&format!("{before}[[mail.template]]{example}\n")).unwrap();
    assert_eq!(told(&program), [""; 0]);
    let written = of(&program, Kind::Receipt);
    assert_eq!(written.subject, "450 points for you");
    assert!(written.text.starts_with("Hello Ada,\n\n450 points\n\nThank you for coming.\n"));
}

#[test]
fn a_mail_without_what_it_is_for_is_told() {
    for (kind, without, with) in [
        (Kind::SignIn, "Hello, no link here.", "[Sign in here]({{ url }})"),
        (Kind::RewardIssued, "Here you are: {{ reward }}.", "{{ reward }}: {{ code }}"),
        (Kind::PointsExpiring, "{{ points|points }} go.", "{{ points|points }}, {{ on|date }}."),
    ] {
        let told = told(&body(kind, without));
        assert!(told.iter().any(|one| one.contains("without which such a mail")), "{told:?}");
        assert_eq!(check(&body(kind, with)), [], "{kind:?}");
    }
}
