//! Four exchanges, one for each way that an answer is treated, every spelling, in two
//! chunks that are cut at every byte.

use super::*;

/// Streamed at the same length, by its own handle; read as a whole, to learn from; read as
/// a whole, to change by rule; streamed, by its conversation.
const CUT: [(&str, &str); 4] = [
    ("quiq", "send-message"),
    ("genesys", "request-chat"),
    ("opendialog", "history"),
    ("genesys", "poll"),
];

#[test]
fn nothing_personal_comes_back_wherever_an_answer_is_cut() {
    let (marks, lines) = (Marks::all(), Lines::default());
    let (mut cuts, mut searched) = (0_u64, 0_u64);
    lines.hearing(async {
        let scenes = CUT.map(|(dialect, exchange)| {
            let marks = Marks::all();
            tokio::spawn(async move { cut(&marks, &call_of(dialect, exchange)).await })
        });
        for scene in scenes {
            let (some, bytes) = scene.await.unwrap();
            cuts += some;
            searched += bytes;
        }
    });
    searched += marks.none_in(&lines.all(), "log");
    println!(
        "canary: {} exchanges x {} spellings, {cuts} answers cut in two, {searched} bytes searched: 0 found",
        CUT.len(),
        marks.kinds().len()
    );
    assert!(cuts > 15_000 && searched > 5_000_000, "{cuts} {searched}");
}

async fn cut(marks: &Marks, call: &Call) -> (u64, u64) {
    let scene = Scene::of(call, Kept::InMemory, "").await;
    let mut browser = Browser::connect(scene.running.data).await;
    let (mut cuts, mut searched) = (0, 0);
    for kind in marks.kinds() {
        let plain = marks.body(kind).into_bytes();
        for at in 1..plain.len() {
            let (one, two) = plain.split_at(at);
            let pieces = vec![one.to_vec(), two.to_vec()];
            let reply = Reply::Chunks("HTTP/1.1 200 OK\r\n".to_owned(), pieces);
            let what = format!("{}/{} {kind} cut at {at}", call.dialect, call.exchange);
            let got = match scene.ask(&mut browser, call, reply).await {
                Some(Ok(got)) => got.body,
                cut => {
                    assert_eq!(kind, "raw", "{what}: only what is no JSON is cut");
                    cut.and_then(Result::err).map_or(Vec::new(), |some| some.body)
                }
            };
            searched += marks.none_in(&got, &what);
            cuts += 1;
        }
    }
    searched += scene.search(marks).await;
    (cuts, searched)
}

/// Streamed, and read as a whole.
const CODED_AND_CUT: [(&str, &str); 2] = [("genesys", "poll"), ("genesys", "request-chat")];

#[test]
fn nothing_personal_comes_back_wherever_a_coded_answer_is_cut() {
    let (marks, lines) = (Marks::all(), Lines::default());
    let (mut cuts, mut searched) = (0_u64, 0_u64);
    lines.hearing(async {
        for (dialect, exchange) in CODED_AND_CUT {
            let call = call_of(dialect, exchange);
            let scene = Scene::of(&call, Kept::InMemory, "").await;
            let mut browser = Browser::connect(scene.running.data).await;
            let plain = marks.body("json");
            for coding in CODED {
                let head = format!("HTTP/1.1 200 OK\r\nContent-Encoding: {}\r\n", coding.name());
                let sent = coding.coded(plain.as_bytes());
                for at in 1..sent.len() {
                    let (one, two) = sent.split_at(at);
                    let reply = Reply::Chunks(head.clone(), vec![one.to_vec(), two.to_vec()]);
                    let got = scene.ask(&mut browser, &call, reply).await.unwrap().unwrap();
                    let what = format!("{dialect}/{exchange} {coding:?} cut at {at}");
                    searched += marks.none_in(&got.body, &what);
                    assert!(got.text().contains("\"m\""), "{what} {got:?}");
                    cuts += 1;
                }
            }
        }
    });
    searched += marks.none_in(&lines.all(), "log");
    println!(
        "canary: {} exchanges x {} codings, {cuts} answers cut in two, {searched} bytes searched: 0 found",
        CODED_AND_CUT.len(),
        CODED.len(),
    );
    assert!(cuts > 1500, "{cuts}");
}
