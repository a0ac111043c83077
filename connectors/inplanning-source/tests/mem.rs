//! temporary
use futures_util::StreamExt;
use koppel::Connector;
#[tokio::test(flavor = "multi_thread")]
async fn serve() {
    let n: usize = std::env::var("MEM_N").unwrap().parse().unwrap();
    let s = koppel_sandbox::Sandbox::start(koppel_sandbox::Options::default().persons(n)).await.unwrap();
    std::fs::write("/tmp/mem-url", format!("{}\n{}\n{}", s.inplanning_admin_url(), s.credentials().inplanning_username, s.credentials().inplanning_password)).unwrap();
    tokio::time::sleep(std::time::Duration::from_secs(100)).await;
}
fn hwm() -> String { std::fs::read_to_string("/proc/self/status").unwrap().lines().filter(|l| l.starts_with("VmHWM")).collect() }
#[tokio::test(flavor = "multi_thread")]
async fn read() {
    let t = std::fs::read_to_string("/tmp/mem-url").unwrap();
    let l: Vec<&str> = t.lines().collect();
    let c = serde_json::json!({"BaseUrl": l[0], "Username": l[1], "Password": l[2], "HistoricalDays": 1, "FutureDays": std::env::var("MEM_DAYS").unwrap(), "roster": std::env::var("MEM_MODE").unwrap()});
    let koppel::Instance::Source(s) = inplanning_source::connector(koppel_http::StateDir::none(), koppel::Scrubber::default()).build(&c).unwrap() else { panic!() };
    let ctx = koppel::Ctx::new(std::sync::Arc::new(koppel::FixedClock::new("2026-06-01T10:00:00Z".parse().unwrap())));
    println!("before {}", hwm());
    let at = std::time::Instant::now();
    let mut n = 0;
    let mut p = s.persons(&ctx);
    while let Some(x) = p.next().await { x.unwrap(); n += 1; }
    println!("MODE {} N {n} {:?} after {} {:?}", std::env::var("MEM_MODE").unwrap(), at.elapsed(), hwm(), ctx.warnings().len());
}
