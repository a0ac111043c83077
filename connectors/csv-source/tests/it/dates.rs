//! Dates of contracts as moments.

use serde_json::{Value, json};

use crate::support::{CONTRACTS, Folder, contracts};

async fn bounds(start: &str, end: &str, more: Value) -> (String, String) {
    let contract = &contracts(&format!("1;c;{start};{end};\n"), more).await[0];
    let text = |key: &str| contract[key].as_str().unwrap_or("null").to_owned();
    (text("StartDate"), text("EndDate"))
}

#[tokio::test]
async fn every_form_of_a_date_is_read() {
    let date = "2026-05-31T00:00:00+02:00";
    let half_past = "2026-05-31T08:30:00+02:00";
    for (written, expected) in [
        ("2026-05-31", date),
        ("2026-5-31", date),
        ("2026/05/31", date),
        ("20260531", date),
        ("31-05-2026", date),
        ("31-5-2026", date),
        ("31/05/2026", date),
        ("31.5.2026", date),
        ("31-05-2026 00:00:00", date),
        ("31-5-2026 0:00", date),
        ("2026-05-31T00:00:00", date),
        ("2026-05-31T00:00:00.000", date),
        ("2026-05-31 08:30", half_past),
        ("31-05-2026  8:30:00", half_past),
        ("2026-05-31T08:30:00.0000000", half_past),
        ("2026-05-31T08:30:00+02:00", half_past),
        ("2026-05-31T06:30:00Z", half_past),
        ("2026-05-31T06:30Z", half_past),
        ("2026-05-31 01:30:00 -0500", half_past),
        ("2026-05-30T22:00:00Z", date),
    ] {
        assert_eq!(bounds(written, "", json!({})).await.0, expected, "{written}");
        assert_eq!(bounds("2020-01-01", written, json!({})).await.1, expected, "{written}");
    }
    let american = json!({"dates": "month-first"});
    assert_eq!(bounds("5/31/2026", "2026-05-31", american).await, (date.to_owned(), date.to_owned()));
}

#[tokio::test]
async fn what_is_no_date_is_told_with_its_place() {
    for bad in [
        "31-02-2026",
        "2026-13-01",
        "31-05-26",
        "45808",
        "morgen",
        "0000-00-00",
        "2026-05-31T25:00",
        "2026-05-31 8:3",
        "2026-05-31T08:30+2",
        "31-05-2026 08:30 PM",
        "2026-05-31-01",
        "+2026-05-31",
    ] {
        let folder = Folder::with("ExternalId\n1\n", format!("{CONTRACTS}\n1;c;{bad};;\n"));
        assert_eq!(
            folder.faults().await,
            [format!(
                "contracts.csv line 3, StartDate: [{bad}] is no date such as 2026-05-31, 31-05-2026 or 31-5-2026 08:30"
            )]
        );
    }
    let folder = Folder::with("ExternalId\n1\n", format!("{CONTRACTS}1;c;31-05-2026;;\n"));
    assert!(folder.faults_with(json!({"dates": "iso"})).await[0].contains("[dates] of the configuration"));
    assert!(folder.faults_with(json!({"dates": "month-first"})).await[0].contains("05/31/2026"));
}

#[tokio::test]
async fn midnight_has_the_offset_of_its_own_day() {
    for (day, expected) in [
        ("2026-03-28", "2026-03-28T00:00:00+01:00"),
        ("2026-03-29", "2026-03-29T00:00:00+01:00"),
        ("2026-03-30", "2026-03-30T00:00:00+02:00"),
        ("2026-10-25", "2026-10-25T00:00:00+02:00"),
        ("2026-10-26", "2026-10-26T00:00:00+01:00"),
    ] {
        assert_eq!(bounds(day, day, json!({})).await, (expected.to_owned(), expected.to_owned()));
    }
    assert_eq!(bounds("2026-07-01", "", json!({"timeZone": "UTC"})).await.0, "2026-07-01T00:00:00+00:00");
}

#[tokio::test]
async fn a_time_that_comes_twice_or_never_does_not_shorten_a_contract() {
    let of = async |start: &str, end: &str| bounds(start, end, json!({})).await;
    let pair = |start: &str, end: &str| (start.to_owned(), end.to_owned());
    assert_eq!(
        of("2026-03-29 02:30", "2026-03-29 10:00").await,
        pair("2026-03-29T01:30:00+01:00", "2026-03-29T10:00:00+02:00")
    );
    assert_eq!(
        of("2026-03-28 22:00", "2026-03-29 02:30").await,
        pair("2026-03-28T22:00:00+01:00", "2026-03-29T03:30:00+02:00")
    );
    assert_eq!(
        of("2026-10-25 02:30", "2026-10-25 10:00").await,
        pair("2026-10-25T02:30:00+02:00", "2026-10-25T10:00:00+01:00")
    );
    assert_eq!(
        of("2026-10-24 22:00", "2026-10-25 02:30").await,
        pair("2026-10-24T22:00:00+02:00", "2026-10-25T02:30:00+01:00")
    );
}

#[tokio::test]
async fn the_last_day_counts_also_where_the_clocks_skip_its_midnight() {
    // On this day the clocks of São Paulo went from 23:59 to 01:00.
    let found = bounds("2018-11-01", "2018-11-04", json!({"timeZone": "America/Sao_Paulo"})).await;
    assert_eq!(found.1, "2018-11-04T23:59:59-02:00");
    assert_eq!(
        bounds("2018-11-04", "", json!({"timeZone": "America/Sao_Paulo"})).await.0,
        "2018-11-03T23:00:00-03:00",
        "a start never later than it is meant"
    );
}

#[tokio::test]
async fn an_end_in_the_year_9999_is_no_end() {
    for end in ["31-12-9999", "9999-12-31", "9999-12-31T23:59:59Z", ""] {
        assert_eq!(bounds("2026-01-01", end, json!({})).await.1, "null", "{end}");
    }
    assert_eq!(bounds("2026-01-01", "31-12-2999", json!({})).await.1, "2999-12-31T00:00:00+01:00");
}

#[tokio::test]
async fn a_contract_of_one_day_is_good_and_one_that_ends_before_it_starts_is_not() {
    for (start, end, good) in [
        ("2026-06-01", "2026-06-01", true),
        ("2026-06-01 08:00", "2026-06-01", true),
        ("2026-06-01 08:00", "2026-06-01 08:00", true),
        ("2026-06-01 08:00", "2026-06-01 07:59", false),
        ("2026-06-02", "2026-05-31", false),
    ] {
        let folder = Folder::with("ExternalId\n1\n", format!("{CONTRACTS}1;c;{start};{end};\n"));
        if good {
            assert_eq!(folder.persons().await.len(), 1, "{start} {end}");
        } else {
            let expected = format!("contracts.csv line 2, EndDate: [{end}] lies before StartDate [{start}]");
            assert_eq!(folder.faults().await, [expected]);
        }
    }
}

#[tokio::test]
async fn a_birth_date_is_a_day_without_a_time() {
    for (written, expected) in
        [("14-03-1988", "1988-03-14"), ("1988-03-14T00:00:00", "1988-03-14"), ("1988-03-13T23:00:00Z", "1988-03-14")]
    {
        let folder = Folder::with(format!("ExternalId;Details.BirthDate\n1;{written}\n"), CONTRACTS);
        assert_eq!(folder.persons().await[0]["Details"]["BirthDate"], expected);
    }
}

#[tokio::test]
async fn numbers_have_a_point_or_a_comma() {
    for (written, expected) in
        [("36", json!(36)), ("0,89", json!(0.89)), ("0.89", json!(0.89)), ("-1", json!(-1)), ("", json!(null))]
    {
        let file = format!("PersonExternalId;ExternalId;StartDate;EndDate;Details.Fte\n1;c;2026-01-01;;{written}\n");
        assert_eq!(
            Folder::with("ExternalId\n1\n", file).persons().await[0]["Contracts"][0]["Details"]["Fte"],
            expected
        );
    }
    for bad in ["1.000,5", "90%", ",5", "een", "1e5", "--1", "NaN"] {
        let file = format!("PersonExternalId;ExternalId;StartDate;EndDate;Details.Fte\n1;c;2026-01-01;;{bad}\n");
        assert_eq!(
            Folder::with("ExternalId\n1\n", file).faults().await,
            [format!("contracts.csv line 2, Details.Fte: [{bad}] is no number such as 36, 0.89 or 0,89")]
        );
    }
}
