//! Scratch: counts every arrangement in a JSON-like text file (name n d then rows).
use foldline_geometry::arrangements::*;
use foldline_kernel::Integer;
use std::time::Instant;
struct Count(u64);
impl Visitor for Count {
    fn only_counts(&self) -> bool {
        true
    }
    fn cells(&mut self, count: u64) {
        self.0 += count;
    }
    fn cell(&mut self, _: &mut dyn Cell) {
        unreachable!()
    }
}
struct Visit(u64, u64);
impl Visitor for Visit {
    fn cells(&mut self, _: u64) {
        unreachable!()
    }
    fn cell(&mut self, c: &mut dyn Cell) {
        self.0 += 1;
        self.1 += u64::from(c.is_bounded());
    }
}
fn main() {
    let text = std::fs::read_to_string(std::env::args().nth(1).unwrap()).unwrap();
    let mut t = text.split_whitespace();
    while let Some(name) = t.next() {
        let mut num = || t.next().unwrap().parse::<i64>().unwrap();
        let (n, d, cells) = (num() as usize, num() as usize, num() as u64);
        let rows: Vec<Vec<Integer>> =
            (0..n).map(|_| (0..=d).map(|_| Integer::from(num())).collect()).collect();
        let s = Instant::now();
        let del = deletion::count_cells(&rows, &mut || true).unwrap();
        let t1 = s.elapsed().as_secs_f64();
        let flat = FlatArrangement::new(&rows);
        let s = Instant::now();
        let mut c = Count(0);
        walk(&flat, Plan::default(), &mut c);
        let t2 = s.elapsed().as_secs_f64();
        let s = Instant::now();
        let mut v = Visit(0, 0);
        walk(&flat, Plan::default(), &mut v);
        let t3 = s.elapsed().as_secs_f64();
        println!(
            "{name} n={n} d={d} {cells} del {} {:.3}s  count {} {:.3}s {:.0}/s visit {} b {} {:.3}s {:.0}/s {}",
            del,
            t1,
            c.0,
            t2,
            c.0 as f64 / t2,
            v.0,
            v.1,
            t3,
            v.0 as f64 / t3,
            if cells != 0 && (del != cells || c.0 != cells || v.0 != cells) {
                "WRONG"
            } else if del != c.0 || c.0 != v.0 {
                "WRONG2"
            } else {
                "ok"
            }
        );
    }
}
