//! The two walks over a statement: whoever looks at its parts is called through [`Look`], whoever
//! changes them through [`Change`].
//!
//! The parser's visitors are compiled anew for each type that visits, through every kind of node there
//! is: some 200,000 lines of LLVM code each. So nothing else here is a visitor.

use std::ops::ControlFlow;

use sqlparser::ast::{
    Expr, ObjectName, Query, Select, TableFactor, Visit, VisitMut, Visitor, VisitorMut,
};

use crate::error::{Error, Result};

/// What is done at each part of a statement; an error ends the walk.
pub(super) trait Look {
    /// Before the parts of a query.
    fn query(&mut self, _query: &Query) -> Result<()> {
        Ok(())
    }

    /// After the parts of a query.
    fn query_end(&mut self) {}

    /// Before the parts of a `SELECT`.
    fn select(&mut self, _select: &Select) -> Result<()> {
        Ok(())
    }

    /// The name of a table.
    fn relation(&mut self, _relation: &ObjectName) {}

    /// Before the parts of an entry of `FROM`.
    fn factor(&mut self, _factor: &TableFactor) -> Result<()> {
        Ok(())
    }

    /// Before the parts of an expression.
    fn expr(&mut self, _expr: &Expr) -> Result<()> {
        Ok(())
    }

    /// After the parts of an expression.
    fn expr_end(&mut self, _expr: &Expr) {}
}

/// Shows `look` every part of a query.
pub(super) fn query(query: &Query, look: &mut dyn Look) -> Result<()> {
    ended(query.visit(&mut Walk(look)))
}

/// Shows `look` every part of an expression.
pub(super) fn expr(expr: &Expr, look: &mut dyn Look) -> Result<()> {
    ended(expr.visit(&mut Walk(look)))
}

type Flow = ControlFlow<Box<Error>>;

fn ended(flow: Flow) -> Result<()> {
    match flow {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(error) => Err(*error),
    }
}

fn flow(result: Result<()>) -> Flow {
    result.map_or_else(|error| ControlFlow::Break(Box::new(error)), ControlFlow::Continue)
}

struct Walk<'l>(&'l mut dyn Look);

impl Visitor for Walk<'_> {
    type Break = Box<Error>;

    fn pre_visit_query(&mut self, query: &Query) -> Flow {
        flow(self.0.query(query))
    }

    fn post_visit_query(&mut self, _: &Query) -> Flow {
        self.0.query_end();
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &Select) -> Flow {
        flow(self.0.select(select))
    }

    fn pre_visit_relation(&mut self, relation: &ObjectName) -> Flow {
        self.0.relation(relation);
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> Flow {
        flow(self.0.factor(factor))
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> Flow {
        flow(self.0.expr(expr))
    }

    fn post_visit_expr(&mut self, expr: &Expr) -> Flow {
        self.0.expr_end(expr);
        ControlFlow::Continue(())
    }
}

/// What is done to each part of a statement; an error ends the walk.
pub(super) trait Change {
    /// Before the parts of a `SELECT`.
    fn select(&mut self, _select: &Select) {}

    /// After the parts of a `SELECT`.
    fn select_end(&mut self, _select: &mut Select) {}

    /// Before the parts of an expression.
    fn expr(&mut self, _expr: &Expr) {}

    /// After the parts of an expression.
    fn expr_end(&mut self, _expr: &mut Expr) -> Result<()> {
        Ok(())
    }
}

/// Lets `change` have every part of a query.
pub(super) fn change(query: &mut Query, change: &mut dyn Change) -> Result<()> {
    ended(query.visit(&mut Rewrite(change)))
}

struct Rewrite<'c>(&'c mut dyn Change);

impl VisitorMut for Rewrite<'_> {
    type Break = Box<Error>;

    fn pre_visit_select(&mut self, select: &mut Select) -> Flow {
        self.0.select(select);
        ControlFlow::Continue(())
    }

    fn post_visit_select(&mut self, select: &mut Select) -> Flow {
        self.0.select_end(select);
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> Flow {
        self.0.expr(expr);
        ControlFlow::Continue(())
    }

    fn post_visit_expr(&mut self, expr: &mut Expr) -> Flow {
        flow(self.0.expr_end(expr))
    }
}
